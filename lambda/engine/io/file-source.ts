import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InvalidModelError } from '../errors';
import { ByteSource } from './byte-source';

/**
 * A file on this machine. Reads go straight into the target, so a view of WASM memory costs no copy. They block: a worker
 * thread has a core of its own, and handing a read to another thread costs more than it overlaps.
 */
export class FileSource implements ByteSource {
  readonly immediate = true;

  /** Opens a file for reading; `size` becomes its length at this moment. */
  static async open(path: string): Promise<FileSource> {
    const fd = openSync(path, 'r');
    return new FileSource(path, fstatSync(fd).size, fd);
  }

  private constructor(
    readonly name: string,
    readonly size: number,
    /** Negative once it is closed, because its number may be given to another file. */
    private fd: number,
  ) {}

  read(offset: number, target: Uint8Array): void {
    checkRange(this, offset, target.length);
    let done = 0;
    while (done < target.length) {
      const bytesRead = readSync(this.fd, target, done, target.length - done, offset + done);
      if (bytesRead === 0)
        throw new InvalidModelError(this.name, `ended at byte ${offset + done} while it was being read`);
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

/** @throws InvalidModelError unless `length` bytes from `offset` lie inside the source. */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset + length <= source.size) return;
  throw new InvalidModelError(
    source.name,
    `is ${source.size} bytes long, but bytes ${offset} to ${offset + length} are needed; the file is cut short or its header is wrong`,
  );
}
