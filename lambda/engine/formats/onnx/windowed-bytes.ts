import { InvalidModelError } from '../../errors';
import { ByteSource } from '../../io/byte-source';

const SMALLEST = 64 * 1024;
const LARGEST = 4 * 1024 * 1024;

/**
 * A window that moves forward over a file: it starts small where bytes were skipped, such as weights, and grows while
 * they are read one after the other.
 */
export class WindowedBytes {
  /** The bytes in the window. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Position of the window's first byte in the file. */
  offset = 0;
  private next = SMALLEST;

  constructor(readonly source: ByteSource) {}

  get size(): number {
    return this.source.size;
  }

  /** Whether the window holds a range. */
  holds(offset: number, length: number): boolean {
    return offset >= this.offset && offset + length <= this.offset + this.bytes.length;
  }

  /** Moves the window so that it starts at `offset` and holds at least `length` bytes, or all up to the file's end. */
  async move(offset: number, length: number): Promise<void> {
    const end = this.offset + this.bytes.length;
    this.next = offset <= end && offset >= this.offset && end > 0 ? Math.min(this.next * 2, LARGEST) : SMALLEST;
    const size = Math.min(Math.max(this.next, length), this.size - offset);
    const bytes = new Uint8Array(size);
    await this.source.read(offset, bytes);
    this.bytes = bytes;
    this.offset = offset;
  }

  fail(at: number, problem: string): never {
    throw new InvalidModelError(
      this.source.name,
      `byte ${at}: ${problem}; the file is damaged, export the model again`,
    );
  }
}
