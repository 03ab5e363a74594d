import { RandomAccessStore } from './object-store';

/** A page of the page cache on most systems; where pages are larger, writing is only slower. */
const PAGE_BYTES = 4096;

/**
 * Writes bytes that follow each other into an upload, in whole pages: what does not fill one waits for the bytes behind
 * it, because a page that is written in two goes costs several times as much.
 */
export class PageWriter {
  private readonly held = new Uint8Array(PAGE_BYTES);
  private heldBytes = 0;

  /** @param offset - where the first byte goes; the bytes that are held lie there from then on */
  constructor(
    private readonly store: RandomAccessStore,
    private readonly uploadId: string,
    private offset: number,
  ) {}

  /** Appends bytes; the view may be overwritten once the call returns. */
  write(bytes: Uint8Array): void {
    const end = this.offset + this.heldBytes + bytes.length;
    const beyond = end % PAGE_BYTES;
    if (end - beyond <= this.offset) return this.hold(bytes);
    const whole = bytes.length - beyond;
    this.store.writeAt(this.uploadId, this.offset, [this.held.subarray(0, this.heldBytes), bytes.subarray(0, whole)]);
    this.offset = end - beyond;
    this.heldBytes = 0;
    this.hold(bytes.subarray(whole));
  }

  /** Writes what is held. */
  close(): void {
    if (this.heldBytes > 0) this.store.writeAt(this.uploadId, this.offset, [this.held.subarray(0, this.heldBytes)]);
  }

  private hold(bytes: Uint8Array): void {
    this.held.set(bytes, this.heldBytes);
    this.heldBytes += bytes.length;
  }
}
