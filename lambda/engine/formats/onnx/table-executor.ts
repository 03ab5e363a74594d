import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats } from '../../weights/weight-kernels';
import { BlockParts } from './block-parts';
import { unitOf } from './integer-executor';
import { numbersAs } from './number-bytes';
import { TableStep } from './onnx-steps';
import { scalesOf } from './scales';
import { bytesOfRow } from './table-data';
import { eachChunk, holdWeights } from './weight-chunks';

/** Quantizes rows of a table, or writes their scales or zero points. */
export async function writeTable(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, emit, first, length, prune, tensor } = step as TableStep;
  const { run, arena } = kernels();
  const { from, name, channels, inner } = weights;
  const rows = length / bytesOfRow(weights, emit);
  const known = BlockParts.named(JSON.stringify([weights, prune]), channels, context);
  const data = emit === 'data';
  const write = (scales: Float32Array, points: Uint8Array) =>
    context.write(emit === 'scales' ? numbersAs(scales.slice(), from.dtype) : points.slice());
  if (!data && known?.reach(first + rows)) {
    return write(known.scales.subarray(first, first + rows), known.points.subarray(first, first + rows));
  }
  await arena.scoped(async () => {
    const whole = rows === channels && prune === undefined;
    const held = whole ? await holdWeights(from, 0, channels * inner, context) : undefined;
    // The table's own pair is that of exact mode, from the weights as they were before pruning.
    const table = await scalesOf(weights, 'uint8', context, undefined, held);
    const stats = new KernelStats(arena.alloc(24));
    const request = {
      from,
      name,
      first: first * inner,
      count: rows * inner,
      unit: unitOf(weights, prune),
      held,
      ...(prune === undefined ? {} : { prune: { pattern: prune, stats: stats.ptr } }),
    };
    await eachChunk(request, context, (chunk) =>
      arena.scoped(async () => {
        const count = chunk.count / inner;
        const [made, scales, points] = [arena.alloc(chunk.count), arena.alloc(count * 4), arena.alloc(count)];
        const [scale] = table.values;
        const to = [made.ptr, scales.ptr, points.ptr] as const;
        run.uint8RowsF32(chunk.ptr, count, inner, scale, table.zeroPoint, ...to, stats.ptr);
        const found = new Float32Array(scales.view.buffer, scales.ptr, count);
        known?.keep(chunk.first / inner, found, points.view);
        await (data ? context.write(made.view) : write(found, points.view));
      }),
    );
    if (data) stats.report(context, tensor, rows * inner);
  });
}
