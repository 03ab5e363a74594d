import { ChunkBuffers, streamChunks } from '../../io/chunk-stream';
import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { weightBytes, WeightType } from '../../weights/weight-type';
import { roundTo, valueOfBits } from '../../weights/rounding';
import { SharedRange } from './safetensors-steps';
import { absmaxBits, refuseNotFinite } from '../../weights/weight-kernels';

/** Largest e4m3 times largest e2m1: what the largest weight of a set is scaled to. */
const RANGE = 448 * 6;

/** Smallest normal number of each type; a set of smaller weights counts as if its largest were that. */
const SMALLEST_NORMAL: Readonly<Record<WeightType, number>> = { BF16: 2 ** -126, F16: 2 ** -14, F32: 2 ** -126 };

/** Scales by set; the pieces of one set that this worker makes share them. */
const scales = new WeakMap<object, Map<string, Promise<number>>>();

/**
 * The number that NVFP4 multiplies a set's scales with, from the largest weight of all its matrices. They are read
 * here, by whoever needs it: so no worker waits for another.
 */
export function globalScaleOf(
  context: StepContext,
  set: readonly SharedRange[],
  buffers: ChunkBuffers,
): Promise<number> {
  const known = scales.get(context.plan) ?? new Map<string, Promise<number>>();
  scales.set(context.plan, known);
  const key = set.map(({ file, offset }) => `${file} ${offset}`).join();
  const found = known.get(key) ?? findScale(context, set, buffers);
  known.set(key, found);
  // A read that failed may succeed the next time.
  found.catch(() => known.delete(key));
  return found;
}

async function findScale(context: StepContext, set: readonly SharedRange[], buffers: ChunkBuffers): Promise<number> {
  let absmax = 0;
  let type: WeightType = set[0].dtype;
  for (const { file, offset, length, dtype, module } of set) {
    await streamChunks(await context.source(file), offset, length, buffers, (region, bytes) => {
      const bits = absmaxBits(kernels(), region.ptr, bytes / weightBytes(dtype), dtype);
      refuseNotFinite(context, file, module, dtype, bits);
      absmax = Math.max(absmax, valueOfBits(bits, dtype));
    });
    if (dtype !== type) type = 'F32';
  }
  // torch divides a number by a tensor as the tensor's reciprocal times the number, and rounds both.
  const scale = roundTo(roundTo(1 / Math.max(absmax, SMALLEST_NORMAL[type]), type) * RANGE, type);
  return Number.isFinite(scale) ? scale : 1;
}
