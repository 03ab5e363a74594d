import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats } from '../../weights/weight-kernels';
import { encodeBlocks } from './block-encoder';
import { BlockParts } from './block-parts';
import { blockCount, EncodedBlocks } from './block-targets';
import { numbersAs } from './number-bytes';
import { BlockStep } from './onnx-steps';
import { packNibbles } from './pack-nibbles';

/** Quantizes weights into blocks of four bits; writes them, or their scales, or their zero points. */
export async function writeBlocks(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, emit, first: begin, length, prune, tensor } = step as BlockStep;
  const { arena } = kernels();
  const blocks = blockCount(weights);
  const { asymmetric, dequantized, outputs } = weights;
  // Zero points without gaps are written all at once, because an output may end within a byte.
  const flat = dequantized && emit === 'points' ? new Uint8Array(outputs * blocks) : undefined;
  const end = flat !== undefined ? outputs : begin + length / bytesOfOutput(step as BlockStep);
  const known = BlockParts.of(weights, prune, context);
  if (emit !== 'data' && known?.reach(end * blocks)) {
    if (flat !== undefined) return context.write(packNibbles(known.points));
    const parts = {
      scales: known.scales.subarray(begin * blocks, end * blocks),
      points: known.points.subarray(begin * blocks, end * blocks),
    };
    return context.write(encoded(step as BlockStep, parts, end - begin));
  }
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    await encodeBlocks({ weights, begin, end, prune, stats: stats.ptr }, context, async (made) => {
      known?.keep(made.first * blocks, made.scales, made.points);
      if (flat !== undefined) return flat.set(made.points, made.first * blocks);
      if (dequantized && !asymmetric) for (let at = 0; at < made.data.length; at++) made.data[at] ^= 0x88;
      await context.write(emit === 'data' ? made.data : encoded(step as BlockStep, made, made.outputs));
    });
    if (flat !== undefined) await context.write(packNibbles(flat));
    if (emit === 'data') stats.report(context, tensor, (end - begin) * weights.inputs);
  });
}

/** Bytes that a step writes for each output. */
export function bytesOfOutput({ weights, emit }: Pick<BlockStep, 'weights' | 'emit'>): number {
  const blocks = blockCount(weights);
  if (emit === 'data') return (blocks * weights.blockSize) / 2;
  if (emit === 'points') return Math.ceil(blocks / 2);
  return blocks * (weights.from.dtype === 'F32' ? 4 : 2);
}

function encoded(
  { weights, emit }: BlockStep,
  { scales, points }: Pick<EncodedBlocks, 'scales' | 'points'>,
  outputs: number,
): Uint8Array {
  if (emit === 'scales') return numbersAs(scales.slice(), weights.from.dtype);
  const { run, arena } = kernels();
  const from = arena.alloc(points.length);
  const to = arena.alloc(outputs * Math.ceil(blockCount(weights) / 2));
  from.view.set(points);
  run.packPoints(from.ptr, outputs, blockCount(weights), to.ptr);
  return to.view.slice();
}
