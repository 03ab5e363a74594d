import { createHash, Hash } from 'node:crypto';
import { crc64nvme } from './kernels/crc64';
import { ObjectStore, UploadedPart } from './io/object-store';
import { PlannedOutput, PlannedPiece } from './plan';

/** A store that takes bytes at any place of an upload, so that no part has to be gathered in memory first. */
interface RandomAccessStore extends ObjectStore {
  writeAt(uploadId: string, offset: number, body: Uint8Array): Promise<void>;
}

/** Parts on their way at once: one being sent while the next is filled, and one in reserve for a slow answer. */
const PARTS_IN_FLIGHT = 3;

/** Cuts a stream of bytes into the parts of one piece, takes their digests on the way, and uploads them. */
export class PieceWriter {
  private readonly parts: Promise<UploadedPart>[] = [];
  private readonly random: RandomAccessStore | undefined;
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
    this.random = 'writeAt' in store ? (store as RandomAccessStore) : undefined;
  }

  /** Appends bytes; the view may be overwritten once the promise has settled. */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const size = this.piece.partSizes[this.part];
      if (size === undefined) throw new Error(`${this.output.key}: a step wrote past the end of its piece`);
      const chunk = rest.subarray(0, size - this.filled);
      const stored = this.random?.writeAt(this.output.uploadId, this.offset, chunk);
      this.sha256.update(chunk);
      this.crc = crc64nvme(chunk, this.crc);
      if (stored === undefined) {
        this.buffer ??= new Uint8Array(size);
        this.buffer.set(chunk, this.filled);
      }
      await stored;
      this.filled += chunk.length;
      this.offset += chunk.length;
      rest = rest.subarray(chunk.length);
      if (this.filled === size) await this.finishPart(size);
    }
  }

  /** Waits for all parts. */
  async close(): Promise<UploadedPart[]> {
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
