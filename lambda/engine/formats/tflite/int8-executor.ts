import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { prunerFor } from './pruning';
import { runOf, scalesInChunk, scalesOf } from './scales';
import { newSums, readSums } from './sums';
import { Int8Step } from './tflite-steps';
import { CHUNK_VALUES, eachChunk } from './weight-stream';

const LOWEST = -127;

/** Quantizes a run of weights. The scales are those of the weights before pruning, as the structure has them. */
export async function writeInt8(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, first, length, prune, tensor } = step as Int8Step;
  const { arena, run: kernel } = kernels();
  const run = runOf(weights);
  // Whole channels in a chunk give their scales when they are at hand, and need not be read twice.
  const own = weights.scales === 'first' && run! <= CHUNK_VALUES;
  const ahead = own ? undefined : await scalesOf(weights, first, length, context);
  const pruner = await prunerFor(prune, weights.from, first, context);
  const unit = weights.scales === 'first' ? run! : weights.scales === 'last' ? weights.count : 4;
  await eachChunk(weights.from, first, length, unit, context, (chunk, before) =>
    arena.scoped(async () => {
      const sums = newSums();
      const scales = ahead ?? (await scalesInChunk(chunk, run!, weights.name));
      pruner?.(chunk, sums.ptr);
      const channel = own || weights.scales !== 'first' ? 0 : Math.floor(before / run!);
      const rows = run === undefined ? chunk.count / weights.count : Math.max(1, Math.floor(chunk.count / run));
      const columns = chunk.count / rows;
      const used = scales.subarray(channel, run === undefined ? undefined : channel + rows);
      const place = arena.alloc(used.byteLength);
      new Float32Array(place.view.buffer, place.ptr, used.length).set(used);
      const made = arena.alloc(chunk.count);
      if (run === undefined) kernel.int8ColumnsF32(chunk.ptr, rows, columns, place.ptr, LOWEST, made.ptr, sums.ptr);
      else kernel.int8RowsF32(chunk.ptr, rows, columns, place.ptr, LOWEST, made.ptr, sums.ptr);
      context.addSums(tensor, readSums(sums, chunk.count));
      await context.write(made.view);
    }),
  );
}
