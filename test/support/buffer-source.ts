import { ByteSource } from '../../lambda/engine/io/byte-source';
import { checkRange } from '../../lambda/engine/io/file-source';

/** Bytes that are in memory already. */
export class BufferSource implements ByteSource {
  readonly size: number;
  readonly immediate = true;

  constructor(
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {
    this.size = bytes.length;
  }

  read(offset: number, target: Uint8Array): void {
    checkRange(this, offset, target.length);
    target.set(this.bytes.subarray(offset, offset + target.length));
  }
}
