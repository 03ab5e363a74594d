import { ManifestTensor, ManifestTotals } from './manifest';
import { PlannedTensor } from './plan';
import { TensorSums } from './step-context';

/** Digits kept of measured numbers: sums of doubles differ in the last ones with the cut into workers. */
const DIGITS = 6;

/** Turns the workers' sums into each tensor's error and sparsity. */
export function reportTensors(
  tensors: readonly PlannedTensor[],
  sums: ReadonlyMap<number, TensorSums>,
): ManifestTensor[] {
  return tensors.map((tensor, index) => {
    const own = sums.get(index);
    return own === undefined || own.count === 0 ? tensor : { ...tensor, ...figures(own) };
  });
}

/** The same numbers over the whole model. */
export function reportTotals(
  bytesBefore: number,
  bytesAfter: number,
  sums: ReadonlyMap<number, TensorSums>,
): ManifestTotals {
  const total = { signal: 0, noise: 0, zeros: 0, count: 0 };
  for (const own of sums.values()) {
    total.signal += own.signal;
    total.noise += own.noise;
    total.zeros += own.zeros;
    total.count += own.count;
  }
  return { bytesBefore, bytesAfter, ...figures(total) };
}

function figures(sums: TensorSums): { relativeError: number; sqnrDb?: number; sparsity: number } {
  const relativeError = sums.noise === 0 ? 0 : Math.sqrt(sums.noise / sums.signal);
  return {
    relativeError: round(relativeError),
    ...(relativeError > 0 && Number.isFinite(relativeError) ? { sqnrDb: round(-20 * Math.log10(relativeError)) } : {}),
    sparsity: sums.count === 0 ? 0 : round(sums.zeros / sums.count),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
