import { InvalidModelError } from '../../errors';
import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { ScaledWeights } from './tflite-steps';
import { Chunk, eachChunk } from './weight-stream';

/** The converter widens what is narrower to this magnitude, so that no scale is 0. */
const SMALLEST_ABSMAX = 5e-7;
const INFINITY_BITS = 0x7f800000;

/** How many values share a scale, where they follow each other; undefined where they alternate. */
export function runOf(weights: ScaledWeights): number | undefined {
  return weights.scales === 'last' ? undefined : weights.from.length / 4 / weights.count;
}

/**
 * Scales of the values from `first` on, `count` of them; `first` is at the start of a channel where channels follow
 * each other. One scale a channel that these values touch; all of the tensor's where channels alternate.
 *
 * @throws InvalidModelError when a value is not finite.
 */
export async function scalesOf(
  weights: ScaledWeights,
  first: number,
  count: number,
  context: StepContext,
): Promise<Float32Array> {
  const run = runOf(weights);
  if (run === undefined) return scalesOfChannels(weights, context);
  if (weights.scales === 'all') return scalesOfRuns(weights, 0, run, context);
  return scalesOfRuns(weights, first, Math.ceil(count / run) * run, context);
}

/** Scales of the whole runs in a chunk. */
export async function scalesInChunk(chunk: Chunk, run: number, name: string): Promise<Float32Array> {
  const bits = new Uint32Array(chunk.count / run);
  await raiseRuns(chunk, run, bits);
  return toScales(bits, name);
}

async function scalesOfRuns(
  weights: ScaledWeights,
  first: number,
  count: number,
  context: StepContext,
): Promise<Float32Array> {
  const run = runOf(weights)!;
  const bits = new Uint32Array(count / run);
  await eachChunk(weights.from, first, count, run, context, (chunk, before) => {
    const channel = Math.floor(before / run);
    return raiseRuns(
      chunk,
      Math.min(run, chunk.count),
      bits.subarray(channel, channel + Math.max(1, Math.floor(chunk.count / run))),
    );
  });
  return toScales(bits, weights.name);
}

async function scalesOfChannels(weights: ScaledWeights, context: StepContext): Promise<Float32Array> {
  const { run, arena } = kernels();
  const bits = await arena.scoped(async () => {
    const largest = arena.alloc(weights.count * 4);
    largest.view.fill(0);
    await eachChunk(weights.from, 0, weights.from.length / 4, weights.count, context, (chunk) =>
      run.absmaxColumnsF32(chunk.ptr, chunk.count / weights.count, weights.count, largest.ptr),
    );
    return new Uint32Array(largest.view.slice().buffer);
  });
  return toScales(bits, weights.name);
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

/** Scales from the bits of the largest magnitudes. */
function toScales(bits: Uint32Array, name: string): Float32Array {
  if (bits.some((magnitude) => magnitude >= INFINITY_BITS)) {
    throw new InvalidModelError(
      name,
      'holds NaN or infinity, which no scale can cover; train the model again, or ignore this tensor',
    );
  }
  return new Float32Array(bits.buffer).map((largest) => Math.max(largest, SMALLEST_ABSMAX) / 127);
}
