import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats } from '../../weights/weight-kernels';
import { encodeBlocks } from './block-encoder';
import { blockCount, EncodedBlocks } from './block-targets';
import { numbersAs } from './number-bytes';
import { BlockStep } from './onnx-steps';

/** Scales and zero points of a tensor that are kept for the steps after its weights; more are computed again. */
const MAX_KEPT_BLOCKS = 16 * 1024 * 1024;

/** What blocks have beside their weights. */
interface BlockParts {
  readonly key: string;
  readonly scales: Float32Array;
  readonly points: Uint8Array;
  /** Outputs that are there already, from the first on. */
  filled: number;
}

/** Of the tensor that was encoded last. */
const kept = new WeakMap<object, BlockParts>();

/** Quantizes weights into blocks of four bits; writes them, or their scales, or their zero points. */
export async function writeBlocks(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, emit, first, length, prune, tensor, signed } = step as BlockStep;
  const { arena } = kernels();
  const begin = first;
  const end = first + length / bytesOfOutput(step as BlockStep);
  const known = partsOf(step as BlockStep, context);
  if (emit !== 'data' && known !== undefined && known.filled >= end) {
    const blocks = blockCount(weights);
    const parts = {
      scales: known.scales.subarray(begin * blocks, end * blocks),
      points: known.points.subarray(begin * blocks, end * blocks),
    };
    return context.write(encoded(step as BlockStep, parts, end - begin));
  }
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    await encodeBlocks({ weights, begin, end, prune, stats: stats.ptr }, context, async (made) => {
      if (known !== undefined) keep(known, made, blockCount(weights));
      if (signed) for (let at = 0; at < made.data.length; at++) made.data[at] ^= 0x88;
      await context.write(emit === 'data' ? made.data : encoded(step as BlockStep, made, made.outputs));
    });
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

function partsOf({ weights, prune }: BlockStep, context: StepContext): BlockParts | undefined {
  const blocks = weights.outputs * blockCount(weights);
  if (blocks > MAX_KEPT_BLOCKS) return undefined;
  const key = JSON.stringify([weights, prune]);
  const last = kept.get(context.plan);
  if (last?.key === key) return last;
  const parts = { key, scales: new Float32Array(blocks), points: new Uint8Array(blocks), filled: 0 };
  kept.set(context.plan, parts);
  return parts;
}

function keep(parts: BlockParts, made: EncodedBlocks, blocks: number): void {
  parts.scales.set(made.scales, made.first * blocks);
  parts.points.set(made.points, made.first * blocks);
  if (made.first <= parts.filled) parts.filled = Math.max(parts.filled, made.first + made.outputs);
}
