import { createHash, Hash } from 'node:crypto';
import { crc64nvme } from './kernels/crc64';
import { isRandomAccess, ObjectStore, PartDigest, UploadedPart } from './io/object-store';
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

  /** Appends bytes; the view may be overwritten once the promise, where there is one, has settled. */
  write(bytes: Uint8Array): Promise<void> | void {
    if (this.offset + bytes.length > this.piece.offset + this.piece.length)
      throw new Error(`${this.output.key}: a step wrote past the end of its piece`);
    if (this.pages === undefined) return this.gather(bytes);
    this.pages.write(bytes);
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(this.take(rest).length);
      if (this.filled === this.partSize) this.parts.push(Promise.resolve({ ...this.finishPart(), etag: '' }));
    }
  }

  /** Waits for all parts. */
  async close(): Promise<UploadedPart[]> {
    this.pages?.close();
    const parts = await Promise.all(this.parts);
    if (parts.length !== this.piece.partSizes.length) {
      throw new Error(
        `${this.output.key}: the steps of a piece wrote ${this.offset - this.piece.offset} of ${this.piece.length} bytes`,
      );
    }
    return parts;
  }

  private get partSize(): number {
    return this.piece.partSizes[this.part];
  }

  /** Takes the digests of what of `bytes` belongs to this part, and returns it. */
  private take(bytes: Uint8Array): Uint8Array {
    const chunk = bytes.subarray(0, this.partSize - this.filled);
    this.sha256.update(chunk);
    this.crc = crc64nvme(chunk, this.crc);
    this.filled += chunk.length;
    this.offset += chunk.length;
    return chunk;
  }

  /** Gathers parts and sends those that are full. */
  private async gather(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      this.buffer ??= new Uint8Array(this.partSize);
      const at = this.filled;
      const chunk = this.take(rest);
      this.buffer.set(chunk, at);
      rest = rest.subarray(chunk.length);
      if (this.filled === this.partSize) await this.send(this.buffer);
    }
  }

  private async send(body: Uint8Array): Promise<void> {
    const { number, ...digest } = this.finishPart();
    const { key, uploadId } = this.output;
    const { size } = digest;
    const sent = this.store.uploadPart({ key, uploadId, number, offset: this.offset - size, size }, body, digest);
    // A failure is told by close(); until then it must not count as unhandled.
    sent.catch(() => undefined);
    this.parts.push(sent);
    this.buffer = undefined;
    if (this.parts.length > PARTS_IN_FLIGHT) await this.parts[this.parts.length - 1 - PARTS_IN_FLIGHT];
  }

  private finishPart(): PartDigest & { number: number } {
    const { partSize: size, sha256, crc } = this;
    const number = this.piece.firstPart + this.part;
    this.part++;
    this.filled = 0;
    this.sha256 = createHash('sha256');
    this.crc = 0n;
    return { number, size, sha256: sha256.digest('hex'), crc64nvme: crc.toString(16).padStart(16, '0') };
  }
}
