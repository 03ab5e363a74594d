import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { SourceRange } from '../../steps';
import { Prune } from './tflite-steps';
import { Chunk, eachChunk } from './weight-stream';

/** Sets values of chunks that come in order to zero; adds what is lost to the three sums at an address. */
export type Pruner = (chunk: Chunk, sums: number) => void;

/**
 * The pruner for the values of a tensor from `first` on. A share is that of the whole tensor: its smallest magnitudes,
 * and of those that equal the largest among them the earlier ones, so that the count is exact whoever makes which part.
 */
export async function prunerFor(
  prune: Prune | undefined,
  from: SourceRange,
  first: number,
  context: StepContext,
): Promise<Pruner | undefined> {
  if (prune === undefined) return undefined;
  const { run } = kernels();
  if (prune === '2:4') return (chunk, sums) => run.prune24F32(chunk.ptr, 1, chunk.count, sums);
  const { threshold, ties: all } = await rank(from, Math.floor((from.length / 4) * prune), context);
  let before = 0;
  if (first > 0) {
    await eachChunk(from, 0, first, 1, context, (chunk) => {
      before += run.countMagnitudeF32(chunk.ptr, chunk.count, threshold) >>> 0;
    });
  }
  let ties = Math.max(0, all - before);
  return (chunk, sums) => {
    ties = run.pruneBelowF32(chunk.ptr, chunk.count, threshold, ties, sums) >>> 0;
  };
}

/** Bits of the magnitude at which so many values are pruned, and how many of those that equal it are among them. */
async function rank(
  from: SourceRange,
  pruned: number,
  context: StepContext,
): Promise<{ threshold: number; ties: number }> {
  const { run } = kernels();
  const upper = find(
    await histogram(from, 32768, context, (chunk, counts) => run.histogramF32High(chunk.ptr, chunk.count, counts)),
    pruned,
  );
  const lower = find(
    await histogram(from, 65536, context, (chunk, counts) =>
      run.histogramF32Low(chunk.ptr, chunk.count, upper.index, counts),
    ),
    upper.rest,
  );
  return { threshold: upper.index * 65536 + lower.index, ties: lower.rest };
}

async function histogram(
  from: SourceRange,
  entries: number,
  context: StepContext,
  count: (chunk: Chunk, counts: number) => void,
): Promise<Uint32Array> {
  const { arena } = kernels();
  return arena.scoped(async () => {
    const counts = arena.alloc(entries * 4);
    counts.view.fill(0);
    await eachChunk(from, 0, from.length / 4, 1, context, (chunk) => count(chunk, counts.ptr));
    return new Uint32Array(counts.view.slice().buffer);
  });
}

/** The entry in which the value of a rank lies, and its rank within the entry. */
function find(counts: Uint32Array, position: number): { index: number; rest: number } {
  let rest = position;
  for (let index = 0; index < counts.length - 1; index++) {
    if (rest < counts[index]) return { index, rest };
    rest -= counts[index];
  }
  return { index: counts.length - 1, rest };
}
