import { ByteSource } from '../../io/byte-source';
import { Arena, Region } from '../../kernels';

/** Bytes read at a time: large enough that requests and calls do not count, small enough to stay near the processor. */
export const CHUNK_BYTES = 4 << 20;

/** Buffers in kernel memory for reading one chunk while another is worked on. */
export interface ChunkBuffers {
  readonly regions: readonly [Region, Region];
  readonly bytes: number;
}

/** Takes buffers for chunks that are multiples of `unit` bytes, from a stretch of `length` bytes. */
export function chunkBuffers(arena: Arena, unit: number, length: number): ChunkBuffers {
  const bytes = Math.min(length, Math.max(unit, Math.floor(CHUNK_BYTES / unit) * unit));
  return { regions: [arena.alloc(bytes), arena.alloc(bytes)], bytes };
}

/**
 * Streams `length` bytes from `offset` on. The next chunk is read while `work` has this one; a region's content may be
 * changed by `work`.
 */
export async function streamChunks(
  source: ByteSource,
  offset: number,
  length: number,
  buffers: ChunkBuffers,
  work: (region: Region, bytes: number, at: number) => Promise<void> | void,
): Promise<void> {
  const sizeAt = (at: number) => Math.min(buffers.bytes, length - at);
  const read = (at: number, turn: number) =>
    source.read(offset + at, buffers.regions[turn % 2].view.subarray(0, sizeAt(at)));
  let next: Promise<void> | undefined = length > 0 ? read(0, 0) : undefined;
  for (let at = 0, turn = 0; next !== undefined; turn++) {
    await next;
    const here = at;
    at += sizeAt(at);
    next = at < length ? read(at, turn + 1) : undefined;
    try {
      await work(buffers.regions[turn % 2], sizeAt(here), here);
    } catch (error) {
      // The memory is given back once this returns: the read that is under way must not write into it then.
      await next?.catch(() => undefined);
      throw error;
    }
  }
}
