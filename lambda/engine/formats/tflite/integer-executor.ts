import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { prunerFor } from './pruning';
import { findScales, INTEGERS, isConverters, knownScales, runOf, scalesInChunk, scalesOf } from './scales';
import { newSums, readSums } from './sums';
import { IntegerStep, ScaledWeights } from './tflite-steps';
import { Chunk, CHUNK_VALUES, eachChunk } from './weight-stream';

/** Quantizes a run of weights, with the scales that the structure has. */
export async function writeIntegers(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, first, length, tensor } = step as IntegerStep;
  const { arena } = kernels();
  const run = runOf(weights);
  const total = weights.from.length / 4;
  const count = weights.bits === 8 ? length : Math.min(length * 2, total - first);
  const known = await knownScales(weights, context);
  // Whole channels in a chunk give their scales when they are at hand, and need not be read twice.
  const own = known === undefined && weights.scales === 'first' && run! <= CHUNK_VALUES;
  const find = () =>
    weights.scales === 'first' ? findScales(weights, first, count, context) : scalesOf(weights, context);
  const ahead = own ? undefined : (known ?? (await find()));
  const offset = known === undefined || weights.scales !== 'first' ? 0 : first / run!;
  const pruner = await prunerFor(weights.prune, weights.from, first, context);
  await eachChunk(weights.from, first, count, unitOf(weights), context, (chunk, before) =>
    arena.scoped(async () => {
      const sums = newSums();
      const scales = ahead ?? (await scalesInChunk(chunk, run!, weights, pruner, sums.ptr));
      if (!own) pruner?.(chunk, sums.ptr);
      const channel = own || weights.scales !== 'first' ? 0 : offset + Math.floor(before / run!);
      const made = encode(chunk, scales.subarray(channel), weights, sums.ptr);
      context.addSums(tensor, readSums(sums, chunk.count));
      await context.write(made);
    }),
  );
}

/** Values that are read together: whole channels where there is a scale for each, and whole bytes. */
function unitOf(weights: ScaledWeights): number {
  if (weights.scales === 'last') return weights.count;
  if (weights.scales === 'all') return 4;
  const run = runOf(weights)!;
  return weights.bits === 4 && run % 2 === 1 ? run * 2 : run;
}

function encode(chunk: Chunk, scales: Float64Array, weights: ScaledWeights, sums: number): Uint8Array {
  const { arena, run: kernel } = kernels();
  const run = runOf(weights);
  const rows = run === undefined ? chunk.count / weights.count : Math.max(1, Math.floor(chunk.count / run));
  const columns = chunk.count / rows;
  const used = scales.subarray(0, run === undefined ? weights.count : rows);
  const made = arena.alloc(chunk.count);
  if (isConverters(weights)) {
    const place = arena.alloc(used.length * 8);
    new Float64Array(place.view.buffer, place.ptr, used.length).set(used);
    const encoder = run === undefined ? kernel.int8ColumnsConverterF32 : kernel.int8RowsConverterF32;
    encoder(chunk.ptr, rows, columns, place.ptr, made.ptr, sums);
    return made.view;
  }
  const place = arena.alloc(used.length * 4);
  new Float32Array(place.view.buffer, place.ptr, used.length).set(used);
  const { low } = INTEGERS[weights.bits];
  if (run === undefined) kernel.int8ColumnsF32(chunk.ptr, rows, columns, place.ptr, low, made.ptr, sums);
  else if (weights.bits === 8) kernel.int8RowsF32(chunk.ptr, rows, columns, place.ptr, low, made.ptr, sums);
  else kernel.int4RowsF32(chunk.ptr, rows, columns, place.ptr, made.ptr, sums);
  return weights.bits === 8 ? made.view : made.view.subarray(0, Math.ceil(chunk.count / 2));
}
