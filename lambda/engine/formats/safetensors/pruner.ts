import { Kernels, Region } from '../../kernels';
import { StepContext } from '../../step-context';
import { weightBytes } from './dtypes';
import { WeightRange } from './safetensors-steps';
import { ChunkBuffers, streamChunks } from './weight-stream';

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
  if (prune === '2:4') {
    const kernel = { BF16: run.prune24Bf16, F16: run.prune24F16, F32: run.prune24F32 }[matrix.dtype];
    return { prune: (region, rows, columns, stats) => kernel(region.ptr, rows, columns, stats) };
  }
  const known = cuts.get(context.plan) ?? new Map<string, Promise<Cut>>();
  cuts.set(context.plan, known);
  const key = `${matrix.file} ${matrix.offset}`;
  const found = known.get(key) ?? findCut(kernels, context, matrix, prune!, buffers);
  known.set(key, found);
  const cut = await found;
  let { ties } = cut;
  // Which of the equal ones go depends on how many lie before this stretch.
  if (ties > 0 && begin > 0) {
    const count = matrix.dtype === 'F32' ? run.countMagnitudeF32 : run.countMagnitude16;
    await streamChunks(await context.source(matrix.file), matrix.offset, begin, buffers, (region, bytes) => {
      ties = Math.max(0, ties - count(region.ptr, bytes / weightBytes(matrix.dtype), cut.bits));
    });
  }
  const kernel = { BF16: run.pruneBelowBf16, F16: run.pruneBelowF16, F32: run.pruneBelowF32 }[matrix.dtype];
  return {
    prune: (region, rows, columns, stats) => {
      ties = kernel(region.ptr, rows * columns, cut.bits, ties, stats);
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
  const wanted = Math.round((share * matrix.length) / size);
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
    const cut = findBin(await count(HIGH_BINS, run.histogram16), wanted);
    return { bits: cut.bin, ties: cut.rest };
  }
  const high = findBin(await count(HIGH_BINS, run.histogramF32High), wanted);
  const low = findBin(await count(LOW_BINS, (src, n, hist) => run.histogramF32Low(src, n, high.bin, hist)), high.rest);
  return { bits: high.bin * 65536 + low.bin, ties: low.rest };
}

/** The bin in which the `wanted`-th smallest lies, and how many of that bin belong to the smallest. */
function findBin(counts: Uint32Array, wanted: number): { bin: number; rest: number } {
  let rest = wanted;
  for (let bin = 0; bin < counts.length; bin++) {
    if (rest <= counts[bin]!) return { bin, rest };
    rest -= counts[bin]!;
  }
  return { bin: counts.length - 1, rest };
}
