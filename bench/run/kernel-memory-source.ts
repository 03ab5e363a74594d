import { ByteSource } from '../../lambda/engine/io/byte-source';
import { kernels, Region } from '../../lambda/engine/kernels';

/** Bytes that lie in the kernels' memory, as a tensor of torch lies in the memory that its operations work on. */
export class KernelMemorySource implements ByteSource {
  readonly size: number;
  readonly immediate = true;
  private readonly region: Region;

  constructor(
    readonly name: string,
    bytes: Uint8Array,
  ) {
    this.size = bytes.length;
    this.region = kernels().arena.alloc(bytes.length);
    this.region.view.set(bytes);
  }

  read(offset: number, target: Uint8Array): void {
    target.set(this.region.view.subarray(offset, offset + target.length));
  }

  resident(offset: number, length: number): Region {
    return { ptr: this.region.ptr + offset, view: this.region.view.subarray(offset, offset + length) };
  }
}
