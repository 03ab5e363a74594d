import { kernels, Region } from '../../kernels';
import { StepContext } from '../../step-context';
import { SourceRange } from '../../steps';

/**
 * Values read at a time where each read is a request: 8 MiB, large enough that the wait is small beside the transfer. No
 * more than these are ever in memory.
 */
export const CHUNK_VALUES = 2 * 1024 * 1024;

/** Values read at a time where a read is a copy: they and what becomes of them stay in a core's own cache. */
const CACHED_VALUES = 128 * 1024;

/** Values in kernel memory. */
export interface Chunk {
  readonly ptr: number;
  /** Number of values. */
  readonly count: number;
  readonly view: Uint8Array;
}

/**
 * Reads FLOAT32 values into kernel memory, chunk by chunk, the next one while the last is worked on. A chunk is a whole
 * number of units; a unit larger than a chunk is read in parts, none of which reaches into the next unit.
 *
 * @param first Number of the first value in the range.
 * @param unit Number of values in a unit; `first` is at the start of one.
 * @param visit Gets a chunk, into which it may write, and the number of values that came before it.
 */
export async function eachChunk(
  from: SourceRange,
  first: number,
  count: number,
  unit: number,
  context: StepContext,
  visit: (chunk: Chunk, before: number) => void | Promise<void>,
): Promise<void> {
  if (count === 0) return;
  const source = await context.source(from.file);
  const aim = source.immediate ? CACHED_VALUES : CHUNK_VALUES;
  const whole = unit > CHUNK_VALUES ? CHUNK_VALUES : Math.max(unit, Math.floor(aim / unit) * unit);
  const lengthAt = (done: number) => Math.min(whole, count - done, unit > whole ? unit - (done % unit) : count);
  await kernels().arena.scoped(async () => {
    const buffers = [0, 1].map(() => kernels().arena.alloc(Math.min(whole, count) * 4)) as [Region, Region];
    const load = async (done: number, turn: number): Promise<Chunk> => {
      const length = lengthAt(done);
      const view = buffers[turn % 2].view.subarray(0, length * 4);
      await source.read(from.offset + (first + done) * 4, view);
      return { ptr: buffers[turn % 2].ptr, count: length, view };
    };
    let next: Promise<Chunk> | undefined = load(0, 0);
    for (let done = 0, turn = 1; next !== undefined; turn++) {
      const chunk: Chunk = await next;
      const end: number = done + chunk.count;
      next = end < count ? load(end, turn) : undefined;
      try {
        await visit(chunk, done);
      } catch (error) {
        // The memory must not be handed out again while a read still writes into it.
        await next?.catch(() => undefined);
        throw error;
      }
      done = end;
    }
  });
}
