import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats } from '../../weights/weight-kernels';
import { weightBytes } from '../../weights/weight-type';
import { numbersAs } from './number-bytes';
import { ChannelWeights, IntegerStep, ScaleStep } from './onnx-steps';
import { channelsApart, Scales, scalesOf } from './scales';
import { eachChunk, holdWeights, WeightChunk } from './weight-chunks';

const LOWEST = -127;

/** Quantizes a run of weights. */
export async function writeIntegers(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, integers, first, length, prune, tensor } = step as IntegerStep;
  const { run, arena } = kernels();
  const { from, name, inner } = weights;
  await arena.scoped(async () => {
    const range = { begin: first / inner, end: (first + length) / inner };
    const enough = channelsApart(weights) || length * weightBytes(from.dtype) === from.length;
    const held = enough && prune === undefined ? await holdWeights(from, first, length, context) : undefined;
    const scales = await scalesOf(weights, integers, context, range, held);
    const stats = new KernelStats(arena.alloc(24));
    const request = {
      from,
      name,
      first,
      count: length,
      unit: unitOf(weights, prune),
      held,
      ...(prune === undefined ? {} : { prune: { pattern: prune, stats: stats.ptr } }),
    };
    await eachChunk(request, context, (chunk) =>
      arena.scoped(async () => {
        const made = arena.alloc(chunk.count);
        if (integers === 'uint8') {
          run.uint8F32(chunk.ptr, chunk.count, scales.values[0], scales.zeroPoint, made.ptr, stats.ptr);
        } else encode(chunk, weights, scales, made.ptr, stats.ptr);
        await context.write(made.view);
      }),
    );
    stats.report(context, tensor, length);
  });
}

function encode(chunk: WeightChunk, weights: ChannelWeights, scales: Scales, to: number, stats: number): void {
  const { run, arena } = kernels();
  const { channels, inner } = weights;
  const rows = chunk.count / (inner === 1 ? channels : inner);
  const used = inner === 1 ? scales.values : rowScales(scales.values, chunk.first / inner, rows);
  const place = arena.alloc(used.byteLength);
  new Float32Array(place.view.buffer, place.ptr, used.length).set(used);
  if (inner === 1) run.int8ColumnsF32(chunk.ptr, rows, channels, place.ptr, LOWEST, to, stats);
  else run.int8RowsF32(chunk.ptr, rows, inner, place.ptr, LOWEST, to, stats);
}

/** The scales of rows that follow each other; after the last channel comes the first again. */
function rowScales(scales: Float32Array, first: number, rows: number): Float32Array {
  const begin = first % scales.length;
  if (begin + rows <= scales.length) return scales.subarray(begin, begin + rows);
  return Float32Array.from({ length: rows }, (_, row) => scales[(begin + row) % scales.length]);
}

/** Values that can only be worked on together: a row of channels, or a channel's run, in whole fours where pruned. */
export function unitOf({ channels, inner }: ChannelWeights, prune: IntegerStep['prune']): number {
  const unit = inner === 1 ? channels : inner;
  return prune?.share === '2:4' ? Math.max(unit, 4 * prune.stride) : unit;
}

/** Writes the scales in the weights' type, or the zero point. */
export async function writeScales(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, integers, emit } = step as ScaleStep;
  const { values, zeroPoint } = await scalesOf(weights, integers, context);
  await context.write(emit === 'zero-point' ? Uint8Array.of(zeroPoint) : numbersAs(values, weights.from.dtype));
}
