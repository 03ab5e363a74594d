import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { weightBytes } from '../../weights/weight-type';
import { absmaxBits, KernelStats } from '../../weights/weight-kernels';
import { FloatStep } from './onnx-steps';
import { eachChunk } from './weight-chunks';

/** Largest finite float16: what is larger becomes it, except in `exact`, where it becomes infinite as numpy has it. */
const LARGEST_F16 = 65504;

const INFINITY_BITS = 0x7f800000;

/** Prunes a run of weights, or rounds them to float16, or both. */
export async function writeFloats(step: CustomStep, context: StepContext): Promise<void> {
  const { from, to, first, length, prune, tensor, name } = step as FloatStep;
  const { run, arena } = kernels();
  const width = weightBytes(to);
  const limit = to === from.dtype || context.plan.recipe.mode === 'exact' ? Infinity : LARGEST_F16;
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    const request = {
      from,
      name,
      first,
      anyValues: true as const,
      count: length / width,
      unit: prune?.share === '2:4' ? 4 * prune.stride : 4,
      ...(prune === undefined ? {} : { prune: { pattern: prune, stats: stats.ptr } }),
    };
    await eachChunk(request, context, (chunk) =>
      arena.scoped(async () => {
        const made = arena.alloc(chunk.count * width);
        if (to === 'F32') {
          run.sumsF32(chunk.ptr, chunk.count, stats.ptr);
          return context.write(new Uint8Array(made.view.buffer, chunk.ptr, chunk.count * 4));
        }
        const finite = limit === Infinity || absmaxBits(kernels(), chunk.ptr, chunk.count, 'F32') < INFINITY_BITS;
        const own = finite ? limit : Infinity;
        run[to === 'F16' ? 'f32ToF16' : 'f32ToBf16'](chunk.ptr, chunk.count, own, made.ptr, stats.ptr);
        return context.write(made.view);
      }),
    );
    stats.report(context, tensor, length / width);
  });
}
