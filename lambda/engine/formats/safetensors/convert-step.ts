import { kernels, KernelExports } from '../../kernels';
import { StepExecutor } from '../../step-context';
import { weightBytes, WeightType } from './dtypes';
import { openPruner } from './pruner';
import { ConvertStep } from './safetensors-steps';
import { absmaxBits, KernelStats, refuseNotFinite } from './weight-kernels';
import { chunkBuffers, streamChunks } from './weight-stream';

type Conversion = (src: number, count: number, limit: number, dst: number, stats: number) => void;

/** Largest finite value of the types that values are rounded to. */
const LARGEST: Readonly<Record<WeightType, number>> = { F16: 65504, BF16: 3.3895313892515355e38, F32: Infinity };

/** Prunes, or rounds to another plain type, or both. `best` keeps what is too large at the largest finite value. */
export const convert: StepExecutor = async (untyped, context) => {
  const step = untyped as ConvertStep;
  const { run, arena } = kernels();
  const { dtype } = step.from;
  const size = weightBytes(dtype);
  const conversion = conversionOf(run, dtype, step.to);
  const limit = context.plan.recipe.mode === 'exact' ? Infinity : LARGEST[step.to];
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    const buffers = chunkBuffers(arena, 4 * size, step.from.length);
    const target = arena.alloc((buffers.bytes / size) * weightBytes(step.to));
    const matrix = step.prunedWithin;
    const pruner = matrix && (await openPruner(kernels(), context, matrix, step.from.offset - matrix.offset, buffers));
    const source = await context.source(step.from.file);
    await streamChunks(source, step.from.offset, step.from.length, buffers, async (region, bytes) => {
      const count = bytes / size;
      refuseNotFinite(context, step.from.file, step.module, dtype, absmaxBits(kernels(), region.ptr, count, dtype));
      pruner?.prune(region, 1, count, stats.ptr);
      if (conversion === undefined) return context.write(region.view.subarray(0, bytes));
      conversion(region.ptr, count, limit, target.ptr, stats.ptr);
      return context.write(target.view.subarray(0, count * weightBytes(step.to)));
    });
    stats.report(context, step.tensor, step.from.length / size);
  });
};

function conversionOf(run: KernelExports, from: WeightType, to: WeightType): Conversion | undefined {
  const conversions: Readonly<Record<string, Conversion>> = {
    'F32 F16': run.f32ToF16,
    'F32 BF16': run.f32ToBf16,
    'BF16 F16': run.bf16ToF16,
    'F16 BF16': run.f16ToBf16,
  };
  return from === to ? undefined : conversions[`${from} ${to}`];
}
