import { InvalidModelError } from '../../errors';
import { kernels } from '../../kernels';
import { StepContext, TensorSums } from '../../step-context';
import { CustomStep } from '../../steps';
import { prunerFor } from './pruning';
import { newSums, readSums } from './sums';
import { FloatStep } from './tflite-steps';
import { Chunk, eachChunk } from './weight-stream';

/** Bits of 65520, from which on nearest-even float16 is infinity. */
const TOO_LARGE_BITS = 0x477ff000;

/** Prunes a run of weights, or rounds them to float16, or both. */
export async function writeFloats(step: CustomStep, context: StepContext): Promise<void> {
  const { from, to, first, length, prune, tensor, name } = step as FloatStep;
  const { arena } = kernels();
  const pruner = await prunerFor(prune, from, first, context);
  await eachChunk(from, first, length / (to === 'f16' ? 2 : 4), 4, context, (chunk) =>
    arena.scoped(async () => {
      const sums = newSums();
      pruner?.(chunk, sums.ptr);
      if (to === 'f32') {
        context.addSums(tensor, sumsOfPruned(chunk, readSums(sums, chunk.count)));
        await context.write(chunk.view);
        return;
      }
      checkRange(chunk, name);
      const made = arena.alloc(chunk.count * 2);
      kernels().run.f32ToF16(chunk.ptr, chunk.count, Infinity, made.ptr, sums.ptr);
      context.addSums(tensor, readSums(sums, chunk.count));
      await context.write(made.view);
    }),
  );
}

function checkRange(chunk: Chunk, name: string): void {
  const { arena, run } = kernels();
  const largest = arena.alloc(4);
  largest.view.fill(0);
  run.absmaxRowsF32(chunk.ptr, 1, chunk.count, largest.ptr);
  if (new Uint32Array(largest.view.slice().buffer)[0] >= TOO_LARGE_BITS) {
    throw new InvalidModelError(
      name,
      'holds values that float16 cannot: NaN, infinity, or more than 65504; ignore this tensor or choose int8',
    );
  }
}

/** What is not pruned stays exact; its squares come from a conversion whose result and noise are not wanted. */
function sumsOfPruned(chunk: Chunk, lost: TensorSums): TensorSums {
  const { arena, run } = kernels();
  const rest = newSums();
  run.f32ToBf16(chunk.ptr, chunk.count, Infinity, arena.alloc(chunk.count * 2).ptr, rest.ptr);
  return {
    signal: lost.signal + readSums(rest, chunk.count).signal,
    noise: lost.noise,
    zeros: run.countMagnitudeF32(chunk.ptr, chunk.count, 0) >>> 0,
    count: chunk.count,
  };
}
