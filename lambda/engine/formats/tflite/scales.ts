import { InvalidModelError } from '../../errors';
import { kernels } from '../../kernels';
import { Plan } from '../../plan';
import { StepContext } from '../../step-context';
import { Pruner, prunerFor } from './pruning';
import { newSums } from './sums';
import { ScaledWeights } from './tflite-steps';
import { Chunk, CHUNK_VALUES, eachChunk } from './weight-stream';

/** The integers of a width: their range, and what the references widen narrower magnitudes to, so that no scale is 0. */
export const INTEGERS = {
  4: { low: -8, high: 7, smallest: Math.fround(1e-9) },
  8: { low: -127, high: 127, smallest: 5e-7 },
} as const;

const INFINITY_BITS = 0x7f800000;

/** Scales of whole tensors, which the structure's worker may need again for the tensors' data. */
const found = new WeakMap<Plan, Map<string, Promise<Float64Array>>>();

/** How many values share a scale, where they follow each other; undefined where they alternate. */
export function runOf(weights: ScaledWeights): number | undefined {
  return weights.scales === 'last' ? undefined : weights.from.length / 4 / weights.count;
}

/** All scales of a tensor. @throws InvalidModelError when a value is not finite. */
export function scalesOf(weights: ScaledWeights, context: StepContext): Promise<Float64Array> {
  const known = found.get(context.plan) ?? new Map<string, Promise<Float64Array>>();
  found.set(context.plan, known);
  const key = keyOf(weights);
  const scales = known.get(key) ?? findScales(weights, 0, weights.from.length / 4, context);
  known.set(key, scales);
  // A read that failed may succeed the next time.
  scales.catch(() => known.delete(key));
  return scales;
}

/** All scales of a tensor if they have been found already. */
export function knownScales(weights: ScaledWeights, context: StepContext): Promise<Float64Array> | undefined {
  return found.get(context.plan)?.get(keyOf(weights));
}

function keyOf({ from }: ScaledWeights): string {
  return `${from.file} ${from.offset}`;
}

/**
 * Scales of the channels that the values from `first` on touch, `count` of them; `first` is at the start of a channel. All
 * of the tensor's where channels alternate.
 *
 * @throws InvalidModelError when a value is not finite.
 */
export async function findScales(
  weights: ScaledWeights,
  first: number,
  count: number,
  context: StepContext,
): Promise<Float64Array> {
  const run = runOf(weights);
  if (run === undefined) return scalesOfColumns(weights, context);
  const pruner = weights.fit ? await prunerFor(weights.prune, weights.from, first, context) : undefined;
  const whole = Math.ceil(count / run) * run;
  if (run > CHUNK_VALUES) return scalesOfLongRuns(weights, first, whole, context);
  const scales = new Float64Array(whole / run);
  await eachChunk(weights.from, first, whole, run, context, async (chunk, before) =>
    kernels().arena.scoped(async () => {
      scales.set(await scalesInChunk(chunk, run, weights, pruner, newSums().ptr), before / run);
    }),
  );
  return scales;
}

/** Scales of the whole runs in a chunk, which is pruned on the way; what is lost is added to the sums. */
export async function scalesInChunk(
  chunk: Chunk,
  run: number,
  weights: ScaledWeights,
  pruner: Pruner | undefined,
  sums: number,
): Promise<Float64Array> {
  const bits = new Uint32Array(chunk.count / run);
  await raiseRuns(chunk, run, bits);
  const scales = toScales(bits, weights);
  pruner?.(chunk, sums);
  if (weights.fit) await fitRuns(chunk, run, weights, scales);
  return scales;
}

/** Runs that do not fit into memory at once keep the scales of their largest magnitudes. */
async function scalesOfLongRuns(
  weights: ScaledWeights,
  first: number,
  count: number,
  context: StepContext,
): Promise<Float64Array> {
  const run = runOf(weights)!;
  const bits = new Uint32Array(count / run);
  await eachChunk(weights.from, first, count, run, context, (chunk, before) => {
    const at = Math.floor(before / run);
    return raiseRuns(chunk, chunk.count, bits.subarray(at, at + 1));
  });
  return toScales(bits, weights);
}

/** Columns keep the scales of their largest magnitudes unless the whole tensor fits into memory at once. */
async function scalesOfColumns(weights: ScaledWeights, context: StepContext): Promise<Float64Array> {
  const { run, arena } = kernels();
  const { from, count } = weights;
  const values = from.length / 4;
  const fits = weights.fit && values <= CHUNK_VALUES;
  const pruner = fits ? await prunerFor(weights.prune, from, 0, context) : undefined;
  return arena.scoped(async () => {
    const largest = arena.alloc(count * 4);
    largest.view.fill(0);
    let scales = new Float64Array(0);
    await eachChunk(from, 0, values, fits ? values : count, context, async (chunk, before) => {
      run.absmaxColumnsF32(chunk.ptr, chunk.count / count, count, largest.ptr);
      if (before + chunk.count < values) return;
      scales = toScales(new Uint32Array(largest.view.slice().buffer), weights);
      if (!fits) return;
      pruner?.(chunk, newSums().ptr);
      turn(chunk, count);
      await fitRuns(chunk, values / count, weights, scales);
    });
    return scales;
  });
}

/** Turns columns into rows, in place. */
function turn(chunk: Chunk, columns: number): void {
  const values = new Float32Array(chunk.view.buffer, chunk.ptr, chunk.count);
  const before = values.slice();
  const rows = chunk.count / columns;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[column * rows + row] = before[row * columns + column];
  }
}

/** Raises one entry for each run of values in a chunk. */
function raiseRuns(chunk: Chunk, run: number, bits: Uint32Array): Promise<void> {
  const { run: kernel, arena } = kernels();
  return arena.scoped(async () => {
    const largest = arena.alloc(bits.length * 4);
    const view = new Uint32Array(largest.view.buffer, largest.ptr, bits.length);
    view.set(bits);
    kernel.absmaxRowsF32(chunk.ptr, bits.length, run, largest.ptr);
    bits.set(view);
  });
}

/** Moves scales to such that leave less error. */
function fitRuns(chunk: Chunk, run: number, { bits }: ScaledWeights, scales: Float64Array): Promise<void> {
  const { run: kernel, arena } = kernels();
  return arena.scoped(async () => {
    const place = arena.alloc(scales.length * 4);
    const view = new Float32Array(place.view.buffer, place.ptr, scales.length);
    view.set(scales);
    kernel.fitScalesF32(chunk.ptr, scales.length, run, INTEGERS[bits].low, INTEGERS[bits].high, place.ptr);
    scales.set(view);
  });
}

/** Scales from the bits of the largest magnitudes; of float32, but for those that the converter does not round. */
function toScales(bits: Uint32Array, weights: ScaledWeights): Float64Array<ArrayBuffer> {
  if (bits.some((magnitude) => magnitude >= INFINITY_BITS)) {
    throw new InvalidModelError(
      weights.name,
      'holds NaN or infinity, which no scale can cover; train the model again, or ignore this tensor',
    );
  }
  const { high, smallest } = INTEGERS[weights.bits];
  const exact = Float64Array.from(new Float32Array(bits.buffer), (largest) => Math.max(largest, smallest) / high);
  return isConverters(weights) ? exact : exact.map(Math.fround);
}

/** Whether weights are made as TensorFlow's converter makes them. */
export function isConverters({ bits, fit }: ScaledWeights): boolean {
  return bits === 8 && !fit;
}
