import { Arena, Region } from '../kernels';
import { ByteSource } from './byte-source';

/** Bytes read at a time where each read is a request: large enough that requests do not count. */
const REQUEST_BYTES = 4 << 20;

/** Bytes read at a time where a read is a copy: they and what becomes of them stay in a core's own cache. */
export const CACHED_BYTES = 512 << 10;

/** Buffers in kernel memory: one, or two for reading a chunk while another is worked on. */
export interface ChunkBuffers {
  readonly regions: readonly Region[];
  readonly bytes: number;
}

/** Takes buffers for chunks that are multiples of `unit` bytes, from a stretch of `length` bytes of a source. */
export function chunkBuffers(arena: Arena, unit: number, length: number, source: ByteSource): ChunkBuffers {
  const aim = source.immediate ? CACHED_BYTES : REQUEST_BYTES;
  const bytes = Math.min(length, Math.max(unit, Math.floor(aim / unit) * unit));
  return { regions: Array.from({ length: source.immediate ? 1 : 2 }, () => arena.alloc(bytes)), bytes };
}

/**
 * Streams `length` bytes from `offset` on. With two buffers the next chunk is read while `work` has this one; a region's
 * content may be changed by `work`. With one, what lies in kernel memory already is worked on there.
 */
export async function streamChunks(
  source: ByteSource,
  offset: number,
  length: number,
  { regions, bytes }: ChunkBuffers,
  work: (region: Region, bytes: number, at: number) => Promise<void> | void,
): Promise<void> {
  const sizeAt = (at: number) => Math.min(bytes, length - at);
  if (regions.length === 1) {
    for (let at = 0; at < length; at += bytes) {
      const resident = source.resident?.(offset + at, sizeAt(at));
      if (resident === undefined) {
        // Only what is not there yet is waited for: a promise costs a noticeable share of a chunk's work.
        const reading = source.read(offset + at, regions[0].view.subarray(0, sizeAt(at)));
        if (reading !== undefined) await reading;
      }
      const working = work(resident ?? regions[0], sizeAt(at), at);
      if (working !== undefined) await working;
    }
    return;
  }
  const read = async (at: number, turn: number) =>
    source.read(offset + at, regions[turn % regions.length].view.subarray(0, sizeAt(at)));
  let next: Promise<void> | undefined;
  for (let at = 0, turn = 0; at < length; turn++) {
    await (next ?? read(at, turn));
    const here = at;
    at += sizeAt(at);
    next = at < length && regions.length > 1 ? read(at, turn + 1) : undefined;
    try {
      await work(regions[turn % regions.length], sizeAt(here), here);
    } catch (error) {
      // The memory is given back once this returns: the read that is under way must not write into it then.
      await next?.catch(() => undefined);
      throw error;
    }
  }
}
