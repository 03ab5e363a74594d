import { ChunkBuffers, streamChunks } from '../io/chunk-stream';
import { Kernels, Region } from '../kernels';
import { StepContext } from '../step-context';
import { KERNEL_TYPE, weightBytes } from './weight-type';
import { WeightRange } from './weight-range';

/** Where a matrix is cut: magnitudes (as bits) below `bits` go, and the first `ties` that equal it. */
interface Cut {
  readonly bits: number;
  readonly ties: number;
}

/** Cuts by matrix; the pieces of one matrix that this worker makes share them. */
const cuts = new WeakMap<object, Map<string, Promise<Cut>>>();

const HIGH_BINS = 32768;
const LOW_BINS = 65536;

/** Sets the smallest weights of a matrix to zero, chunk by chunk in place. */
export interface Pruner {
  /** `columns` is a row's length, or the whole run's where rows do not matter. */
  prune(region: Region, rows: number, columns: number, stats: number): void;
}

/** A pruner for the stretch of a matrix that starts `begin` bytes into it. */
export async function openPruner(
  kernels: Kernels,
  context: StepContext,
  matrix: WeightRange,
  begin: number,
  buffers: ChunkBuffers,
): Promise<Pruner> {
  const { run } = kernels;
  const { prune } = context.plan.recipe;
  const type = KERNEL_TYPE[matrix.dtype];
  if (prune === '2:4') {
    return { prune: (region, rows, columns, stats) => run[`prune24${type}`](region.ptr, rows, columns, stats) };
  }
  const known = cuts.get(context.plan) ?? new Map<string, Promise<Cut>>();
  cuts.set(context.plan, known);
  const key = `${matrix.file} ${matrix.offset}`;
  const found = known.get(key) ?? findCut(kernels, context, matrix, prune!, buffers);
  known.set(key, found);
  // A read that failed may succeed the next time.
  found.catch(() => known.delete(key));
  const cut = await found;
  let { ties } = cut;
  // Which of the equal ones go depends on how many lie before this stretch.
  if (ties > 0 && begin > 0) {
    const count = type === 'F32' ? 'countMagnitudeF32' : 'countMagnitude16';
    await streamChunks(await context.source(matrix.file), matrix.offset, begin, buffers, (region, bytes) => {
      ties = Math.max(0, ties - (run[count](region.ptr, bytes / weightBytes(matrix.dtype), cut.bits) >>> 0));
    });
  }
  return {
    prune: (region, rows, columns, stats) => {
      ties = run[`pruneBelow${type}`](region.ptr, rows * columns, cut.bits, ties, stats) >>> 0;
    },
  };
}

async function findCut(
  kernels: Kernels,
  context: StepContext,
  matrix: WeightRange,
  share: number,
  buffers: ChunkBuffers,
): Promise<Cut> {
  const { run, arena } = kernels;
  const size = weightBytes(matrix.dtype);
  const wanted = Math.floor((share * matrix.length) / size);
  const source = await context.source(matrix.file);
  const count = async (bins: number, kernel: (src: number, count: number, hist: number) => void) => {
    const { ptr, view } = arena.alloc(bins * 4);
    view.fill(0);
    await streamChunks(source, matrix.offset, matrix.length, buffers, (region, bytes) =>
      kernel(region.ptr, bytes / size, ptr),
    );
    return new Uint32Array(view.buffer, ptr, bins);
  };
  if (matrix.dtype !== 'F32') {
    const cut = findBin(await count(HIGH_BINS, (src, n, hist) => run.histogram16(src, n, hist)), wanted);
    return { bits: cut.bin, ties: cut.rest };
  }
  const high = findBin(await count(HIGH_BINS, (src, n, hist) => run.histogramF32High(src, n, hist)), wanted);
  const low = findBin(await count(LOW_BINS, (src, n, hist) => run.histogramF32Low(src, n, high.bin, hist)), high.rest);
  return { bits: high.bin * 65536 + low.bin, ties: low.rest };
}

/** The bin in which the `wanted`-th smallest lies, and how many of that bin belong to the smallest. */
function findBin(counts: Uint32Array, wanted: number): { bin: number; rest: number } {
  let rest = wanted;
  for (let bin = 0; bin < counts.length; bin++) {
    if (rest <= counts[bin]) return { bin, rest };
    rest -= counts[bin];
  }
  return { bin: counts.length - 1, rest };
}
