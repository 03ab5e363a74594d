import { InvalidModelError } from '../../errors';
import { ByteSource } from '../../io/byte-source';

const PAGE = 16 * 1024;
/** Sequential reads double up to this many pages, so that a long table section takes few requests. */
const MAX_RUN = 64;
/** Pages kept: 16 MiB. */
const MAX_PAGES = 1024;
/** What reading the structure may load in all; real structures take a few MiB, and a hostile one could ask for all. */
const MAX_LOADED = 256 * 1024 * 1024;

/**
 * Random access to the structure of a large file: loads pages as they are touched and forgets the oldest. Every access
 * is checked against the file's end.
 */
export class PagedBytes {
  private readonly pages = new Map<number, Uint8Array>();
  private run = 4;
  private nextPage = -1;
  private loaded = 0;

  constructor(readonly source: ByteSource) {}

  get size(): number {
    return this.source.size;
  }

  /**
   * Bytes of a range; a view that stays valid.
   *
   * @throws InvalidModelError when the range leaves the file, or too much was asked for.
   */
  async bytes(offset: number, length: number, what: string): Promise<Uint8Array> {
    this.check(offset, length, what);
    const first = Math.floor(offset / PAGE);
    if (offset + length <= (first + 1) * PAGE) {
      const page = await this.page(first);
      return page.subarray(offset - first * PAGE, offset - first * PAGE + length);
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const at = offset + done;
      const index = Math.floor(at / PAGE);
      const part = (await this.page(index)).subarray(at - index * PAGE, at - index * PAGE + length - done);
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  async u32(offset: number, what: string): Promise<number> {
    const bytes = await this.bytes(offset, 4, what);
    return (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  }

  /** @throws InvalidModelError when the range does not lie in the file. */
  check(offset: number, length: number, what: string): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.source.size)) {
      throw new InvalidModelError(
        this.source.name,
        `${what} would lie at bytes ${offset} to ${offset + length}, but the file has ${this.source.size}; ` +
          'it is cut short or damaged, export the model again',
      );
    }
  }

  private async page(index: number): Promise<Uint8Array> {
    const known = this.pages.get(index);
    if (known !== undefined) return known;
    this.run = index === this.nextPage ? Math.min(this.run * 2, MAX_RUN) : 4;
    const offset = index * PAGE;
    const length = Math.min(this.run * PAGE, this.source.size - offset);
    this.loaded += length;
    if (this.loaded > MAX_LOADED) {
      throw new InvalidModelError(
        this.source.name,
        `its structure is spread over more than ${MAX_LOADED >> 20} MiB; this is not a model that a converter wrote`,
      );
    }
    const run = new Uint8Array(length);
    await this.source.read(offset, run);
    for (let at = 0, page = index; at < length; at += PAGE, page++) this.keep(page, run.subarray(at, at + PAGE));
    this.nextPage = index + Math.ceil(length / PAGE);
    return this.pages.get(index)!;
  }

  private keep(index: number, page: Uint8Array): void {
    this.pages.set(index, page);
    if (this.pages.size > MAX_PAGES) this.pages.delete(this.pages.keys().next().value!);
  }
}
