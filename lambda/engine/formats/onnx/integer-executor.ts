import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats } from '../../weights/weight-kernels';
import { weightBytes } from '../../weights/weight-type';
import { encodeIntegers } from './encode-integers';
import { numbersAs } from './number-bytes';
import { ChannelWeights, IntegerStep, ScaleStep } from './onnx-steps';
import { channelsApart, scalesOf } from './scales';
import { eachChunk, holdWeights } from './weight-chunks';

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
        } else encodeIntegers(chunk, weights, scales.values, made.ptr, stats.ptr);
        await context.write(made.view);
      }),
    );
    stats.report(context, tensor, length);
  });
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
