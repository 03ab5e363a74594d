import { createHash, Hash } from 'node:crypto';
import { crc64nvme } from './kernels/crc64';
import { isRandomAccess, ObjectStore, UploadedPart } from './io/object-store';
import { PageWriter } from './io/page-writer';
import { PlannedOutput, PlannedPiece } from './plan';

/** Parts on their way at once: one being sent while the next is filled, and one in reserve for a slow answer. */
const PARTS_IN_FLIGHT = 3;

/** Cuts a stream of bytes into the parts of one piece, takes their digests on the way, and uploads them. */
export class PieceWriter {
  private readonly parts: Promise<UploadedPart>[] = [];
  /** Where the store takes bytes at any place, so that no part has to be gathered in memory first. */
  private readonly pages: PageWriter | undefined;
  private sha256: Hash = createHash('sha256');
  private crc = 0n;
  private buffer: Uint8Array | undefined;
  private part = 0;
  private filled = 0;
  private offset: number;

  constructor(
    private readonly store: ObjectStore,
    private readonly output: PlannedOutput,
    private readonly piece: PlannedPiece,
  ) {
    this.offset = piece.offset;
    this.pages = isRandomAccess(store) ? new PageWriter(store, output.uploadId, piece.offset) : undefined;
  }

  /** Appends bytes; the view may be overwritten once the promise has settled. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.offset + bytes.length > this.piece.offset + this.piece.length)
      throw new Error(`${this.output.key}: a step wrote past the end of its piece`);
    await this.pages?.write(bytes);
    let rest = bytes;
    while (rest.length > 0) {
      const size = this.piece.partSizes[this.part];
      const chunk = rest.subarray(0, size - this.filled);
      this.sha256.update(chunk);
      this.crc = crc64nvme(chunk, this.crc);
      if (this.pages === undefined) {
        this.buffer ??= new Uint8Array(size);
        this.buffer.set(chunk, this.filled);
      }
      this.filled += chunk.length;
      this.offset += chunk.length;
      rest = rest.subarray(chunk.length);
      if (this.filled === size) await this.finishPart(size);
    }
  }

  /** Waits for all parts. */
  async close(): Promise<UploadedPart[]> {
    await this.pages?.close();
    const parts = await Promise.all(this.parts);
    if (parts.length !== this.piece.partSizes.length) {
      throw new Error(
        `${this.output.key}: the steps of a piece wrote ${this.offset - this.piece.offset} of ${this.piece.length} bytes`,
      );
    }
    return parts;
  }

  private async finishPart(size: number): Promise<void> {
    const digest = { size, sha256: this.sha256.digest('hex'), crc64nvme: this.crc.toString(16).padStart(16, '0') };
    const number = this.piece.firstPart + this.part;
    const body = this.buffer;
    const sent =
      body === undefined
        ? Promise.resolve({ ...digest, number, etag: '' })
        : this.store.uploadPart(
            { key: this.output.key, uploadId: this.output.uploadId, number, offset: this.offset - size, size },
            body,
            digest,
          );
    // A failure is told by close(); until then it must not count as unhandled.
    sent.catch(() => undefined);
    this.parts.push(sent);
    this.part++;
    this.filled = 0;
    this.buffer = undefined;
    this.sha256 = createHash('sha256');
    this.crc = 0n;
    if (this.parts.length > PARTS_IN_FLIGHT) await this.parts[this.parts.length - 1 - PARTS_IN_FLIGHT];
  }
}
