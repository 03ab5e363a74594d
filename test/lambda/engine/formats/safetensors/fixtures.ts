import { BufferSource } from '../../../../support/buffer-source';
import { ByteSource } from '../../../../../lambda/engine/io/byte-source';
import { SourceFiles } from '../../../../../lambda/engine/formats/model-format';

/** A tensor to be written into a fixture. */
export interface FixtureTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data?: Uint8Array;
}

const BITS: Record<string, number> = { BF16: 16, F16: 16, F32: 32, F64: 64, I64: 64, U8: 8, BOOL: 8, F8_E4M3: 8 };

export function bytesOf({ dtype, shape }: FixtureTensor): number {
  return (shape.reduce((product, extent) => product * extent, 1) * BITS[dtype]) / 8;
}

/** Header bytes, length included, for tensors in this order. */
export function headerOf(tensors: readonly FixtureTensor[]): Buffer {
  let at = 0;
  const entries = tensors.map((tensor) => {
    const begin = at;
    at += bytesOf(tensor);
    return `${JSON.stringify(tensor.name)}:{"dtype":"${tensor.dtype}","shape":[${tensor.shape.join(',')}],"data_offsets":[${begin},${at}]}`;
  });
  return rawHeader(`{"__metadata__":{"format":"pt"}${entries.map((entry) => `,${entry}`).join('')}}`);
}

/** A header of any text. */
export function rawHeader(text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([head, Buffer.from(text)]);
}

/** A whole file; tensors without data are zeros. */
export function safetensorsFile(tensors: readonly FixtureTensor[]): Buffer {
  return Buffer.concat([headerOf(tensors), ...tensors.map((tensor) => tensor.data ?? Buffer.alloc(bytesOf(tensor)))]);
}

/** A file whose header is real and whose weights are never read: for planning models of any size. */
export class HeaderOnlySource implements ByteSource {
  readonly size: number;
  private readonly header: Buffer;
  reads = 0;

  constructor(
    readonly name: string,
    tensors: readonly FixtureTensor[],
  ) {
    this.header = headerOf(tensors);
    this.size = this.header.length + tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    this.reads++;
    target.fill(0);
    this.header.copy(target, 0, offset, Math.min(this.header.length, offset + target.length));
  }
}

/** Files of a source, from buffers or sources by key. */
export function sourceFiles(files: Readonly<Record<string, Uint8Array | ByteSource>>): SourceFiles {
  const entries = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const sources = entries.map(([key, file]) => (file instanceof Uint8Array ? new BufferSource(key, file) : file));
  return {
    files: entries.map(([key], i) => ({ key, size: sources[i].size, etag: 'fixture' })),
    open: async (index) => sources[index],
  };
}

/** Limits as the planner uses them for large models. */
export const LIMITS = { targetPieceBytes: 512 << 20, minPieceBytes: 5 << 20 };

/** Random numbers in [0, 1) that are the same in every run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
