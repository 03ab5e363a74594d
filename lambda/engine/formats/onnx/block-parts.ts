import { StepContext } from '../../step-context';
import { blockCount } from './block-targets';
import { BlockWeights, PrunePattern } from './onnx-steps';

/** Scales and zero points of a tensor that are kept for the steps after its weights; more are computed again. */
const MAX_KEPT_BLOCKS = 16 * 1024 * 1024;

/** Of the tensor that was encoded last. */
const kept = new WeakMap<object, { readonly key: string; readonly parts: BlockParts }>();

/** What blocks have beside their weights, in the order of the artifact. */
export class BlockParts {
  readonly scales: Float32Array;
  readonly points: Uint8Array;
  /** Blocks that are there already, from the first on. */
  private filled = 0;

  private constructor(blocks: number) {
    this.scales = new Float32Array(blocks);
    this.points = new Uint8Array(blocks);
  }

  /** Undefined where a tensor has too many. */
  static of(weights: BlockWeights, prune: PrunePattern | undefined, context: StepContext): BlockParts | undefined {
    return BlockParts.named(JSON.stringify([weights, prune]), weights.outputs * blockCount(weights), context);
  }

  /** The same of whatever the key tells from all else. */
  static named(key: string, blocks: number, context: StepContext): BlockParts | undefined {
    if (blocks > MAX_KEPT_BLOCKS) return undefined;
    const last = kept.get(context.plan);
    if (last?.key === key) return last.parts;
    const parts = new BlockParts(blocks);
    kept.set(context.plan, { key, parts });
    return parts;
  }

  /** Keeps those of the blocks from number `first` on. */
  keep(first: number, scales: Float32Array, points: Uint8Array): void {
    this.scales.set(scales, first);
    this.points.set(points, first);
    if (first <= this.filled) this.filled = Math.max(this.filled, first + scales.length);
  }

  /** Whether the blocks before number `end` are there. */
  reach(end: number): boolean {
    return this.filled >= end;
  }
}
