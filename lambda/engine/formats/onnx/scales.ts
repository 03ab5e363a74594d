import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { WeightType } from '../../weights/weight-type';
import { roundTo } from '../../weights/rounding';
import { refuseNotFinite } from '../../weights/weight-kernels';
import { encodeIntegers } from './encode-integers';
import { ChannelWeights, Integers } from './onnx-steps';
import { eachChunk, WeightChunk } from './weight-chunks';

/** What integers are multiplied with, one number a channel; and the zero point of all, which int8 has none of. */
export interface Scales {
  readonly values: Float32Array;
  readonly zeroPoint: number;
}

/** A scale below this would be no normal number, and is 1 instead, as onnxruntime has it. */
const LEAST: Readonly<Record<WeightType, number>> = { F32: 2 ** -126, BF16: 2 ** -126, F16: 2 ** -24 };

/** Scales by tensor; the steps of one tensor that this worker makes share them. */
const known = new WeakMap<object, Map<string, Promise<Scales>>>();

/** Channels from one number up to, not including, another. */
export interface ChannelRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * The scales of a tensor from its weights as they were before pruning, by channel. Where the weights of a channel follow
 * each other, only those of the range are read, and the others' scales mean nothing.
 *
 * @param held All that is needed, if it is in kernel memory already.
 */
export function scalesOf(
  weights: ChannelWeights,
  integers: Integers,
  context: StepContext,
  range: ChannelRange = { begin: 0, end: weights.channels },
  held?: WeightChunk,
): Promise<Scales> {
  const own = known.get(context.plan) ?? new Map<string, Promise<Scales>>();
  known.set(context.plan, own);
  const { begin, end } = channelsApart(weights) ? range : { begin: 0, end: weights.channels };
  const { from, outer, channels, orOneScale } = weights;
  const key = [from.file, from.offset, integers, outer, channels, orOneScale, begin, end].join(' ');
  const found =
    own.get(key) ??
    (integers === 'int8' ? symmetric(weights, { begin, end }, context, held) : withZeroPoint(weights, context, held));
  own.set(key, found);
  // A read that failed may succeed the next time.
  found.catch(() => own.delete(key));
  return found;
}

/** Whether a channel's scale needs its own weights alone, and these follow each other. */
export function channelsApart({ outer, inner, orOneScale }: ChannelWeights): boolean {
  return outer === 1 && inner > 1 && orOneScale === undefined;
}

async function symmetric(
  weights: ChannelWeights,
  { begin, end }: ChannelRange,
  context: StepContext,
  held: WeightChunk | undefined,
): Promise<Scales> {
  const { outer, channels, inner, from, name } = weights;
  const { run, arena } = kernels();
  const bits = new Uint32Array(channels);
  await arena.scoped(async () => {
    if (inner === 1) {
      const raised = arena.alloc(channels * 4);
      raised.view.fill(0);
      const request = { from, name, first: 0, count: outer * channels, unit: channels, held };
      await eachChunk(request, context, ({ ptr, count }) =>
        run.absmaxColumnsF32(ptr, count / channels, channels, raised.ptr),
      );
      bits.set(new Uint32Array(raised.view.buffer, raised.ptr, channels));
      return;
    }
    const request = { from, name, first: begin * inner, count: outer * (end - begin) * inner, unit: inner, held };
    await eachChunk(request, context, ({ ptr, count, first }) =>
      arena.scoped(async () => {
        const rows = count / inner;
        const raised = arena.alloc(rows * 4);
        raised.view.fill(0);
        run.absmaxRowsF32(ptr, rows, inner, raised.ptr);
        const found = new Uint32Array(raised.view.buffer, raised.ptr, rows);
        let channel = (first / inner) % channels;
        for (const magnitude of found) {
          if (magnitude > bits[channel]) bits[channel] = magnitude;
          if (++channel === channels) channel = 0;
        }
      }),
    );
  });
  for (const magnitude of bits) refuseNotFinite(context, from.file, name, 'F32', magnitude);
  const largest = new Float32Array(bits.buffer);
  const values = largest.map((absmax) => scaleOf(absmax / 127, from.dtype));
  if (weights.orOneScale === undefined) return { values, zeroPoint: 0 };
  const most = largest.reduce((a, b) => Math.max(a, b), 0);
  const one = new Float32Array(channels).fill(scaleOf(most / 127, from.dtype));
  const [apart, together] = [await noiseOf(weights, values, context), await noiseOf(weights, one, context)];
  return { values: together < apart ? one : values, zeroPoint: 0 };
}

/**
 * The squared error that scales leave. It is always summed over the same chunks, whatever is held, so that all workers who
 * make a part of the tensor come to the same number.
 */
async function noiseOf(weights: ChannelWeights, scales: Float32Array, context: StepContext): Promise<number> {
  const { outer, channels, inner, from, name } = weights;
  const { arena } = kernels();
  return arena.scoped(async () => {
    const stats = arena.alloc(24);
    stats.view.fill(0);
    const request = {
      from,
      name,
      first: 0,
      count: outer * channels * inner,
      unit: inner === 1 ? channels : inner,
    };
    await eachChunk(request, context, (chunk) =>
      arena.scoped(async () => encodeIntegers(chunk, weights, scales, arena.alloc(chunk.count).ptr, stats.ptr)),
    );
    return new Float64Array(stats.view.buffer, stats.ptr, 3)[1];
  });
}

/** One scale for all weights, with a zero point so that the range from the least to the largest is covered. */
async function withZeroPoint(
  weights: ChannelWeights,
  context: StepContext,
  held: WeightChunk | undefined,
): Promise<Scales> {
  const { outer, channels, inner, from, name } = weights;
  const { run, arena } = kernels();
  const extremes = await arena.scoped(async () => {
    const raised = arena.alloc(8);
    raised.view.fill(0);
    const request = { from, name, first: 0, count: outer * channels * inner, unit: 4, held };
    await eachChunk(request, context, ({ ptr, count }) => run.extremesF32(ptr, count, raised.ptr));
    const bits = new Uint32Array(raised.view.slice().buffer);
    for (const magnitude of bits) refuseNotFinite(context, from.file, name, 'F32', magnitude);
    return new Float32Array(bits.buffer);
  });
  const [high, low] = [extremes[0], -extremes[1]];
  const exact = (high - low) / 255;
  const scale = scaleOf(exact, from.dtype);
  return { values: Float32Array.of(scale), zeroPoint: exact < LEAST[from.dtype] ? 0 : roundHalfEven(-low / exact) };
}

/** A scale in the weights' type; 1 where all weights are zero. */
function scaleOf(exact: number, dtype: WeightType): number {
  const stored = roundTo(exact, dtype);
  const decided = dtype === 'F16' ? stored : exact;
  return decided < LEAST[dtype] ? 1 : stored;
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
