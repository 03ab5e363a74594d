import { chunkBuffers, streamChunks } from '../../io/chunk-stream';
import { kernels } from '../../kernels';
import { StepExecutor } from '../../step-context';
import { KERNEL_TYPE, weightBytes, WeightType } from '../../weights/weight-type';
import { openPruner } from '../../weights/pruner';
import { ConvertStep } from './safetensors-steps';
import { absmaxBits, KernelStats, refuseNotFinite } from '../../weights/weight-kernels';

/** Kernels by the types that they convert from and to. */
const CONVERSIONS: Readonly<Record<string, 'f32ToF16' | 'f32ToBf16' | 'bf16ToF16' | 'f16ToBf16'>> = {
  'F32 F16': 'f32ToF16',
  'F32 BF16': 'f32ToBf16',
  'BF16 F16': 'bf16ToF16',
  'F16 BF16': 'f16ToBf16',
};

/** Largest finite value of the types that values are rounded to. */
const LARGEST: Readonly<Record<WeightType, number>> = { F16: 65504, BF16: 3.3895313892515355e38, F32: Infinity };

/** Prunes, or rounds to another plain type, or both. `best` keeps what is too large at the largest finite value. */
export const convert: StepExecutor = async (untyped, context) => {
  const step = untyped as ConvertStep;
  const { run, arena } = kernels();
  const { dtype } = step.from;
  const size = weightBytes(dtype);
  const conversion = CONVERSIONS[`${dtype} ${step.to}`];
  const limit = context.plan.recipe.mode === 'exact' ? Infinity : LARGEST[step.to];
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    const source = await context.source(step.from.file);
    const buffers = chunkBuffers(arena, 4 * size, step.from.length, source);
    const target = arena.alloc((buffers.bytes / size) * weightBytes(step.to));
    const matrix = step.prunedWithin;
    const pruner = matrix && (await openPruner(kernels(), context, matrix, step.from.offset - matrix.offset, buffers));
    await streamChunks(source, step.from.offset, step.from.length, buffers, (region, bytes) => {
      const count = bytes / size;
      refuseNotFinite(context, step.from.file, step.module, dtype, absmaxBits(kernels(), region.ptr, count, dtype));
      pruner?.prune(region, 1, count, stats.ptr);
      if (dtype === step.to) {
        run[`sums${KERNEL_TYPE[dtype]}`](region.ptr, count, stats.ptr);
        return context.write(region.view.subarray(0, bytes));
      }
      run[conversion](region.ptr, count, limit, target.ptr, stats.ptr);
      return context.write(target.view.subarray(0, count * weightBytes(step.to)));
    });
    stats.report(context, step.tensor, step.from.length / size);
  });
};
