import { EncodeAsymmetricBlocks, EncodeBlocks, kernels, Region } from '../../kernels';
import { StepContext } from '../../step-context';
import { refuseNotFinite } from '../../weights/weight-kernels';
import { BlockWeights } from './onnx-steps';

/** A page on most systems. */
const PAGE_BYTES = 4096;

/** Some outputs' weights in four bits. The views hold until the next ones are asked for. */
export interface EncodedBlocks {
  /** First output, and how many. */
  readonly first: number;
  readonly outputs: number;
  readonly data: Uint8Array;
  /** One f32 a block. */
  readonly scales: Float32Array;
  /** One byte a block. */
  readonly points: Uint8Array;
}

/** How many blocks an output has. */
export function blockCount({ inputs, blockSize }: BlockWeights): number {
  return Math.ceil(inputs / blockSize);
}

/** The kernels for MatMulNBits, or for DequantizeLinear, which differ only in exact mode. */
export function blockKernels(
  exact: boolean,
  dequantized: boolean,
): { readonly symmetric: EncodeBlocks; readonly asymmetric: EncodeAsymmetricBlocks } {
  const { run } = kernels();
  if (!exact) return { symmetric: run.nbits4F32, asymmetric: run.nbits4AsymmetricF32 };
  return dequantized
    ? { symmetric: run.qdq4F32Exact, asymmetric: run.qdq4AsymmetricF32Exact }
    : { symmetric: run.nbits4F32Exact, asymmetric: run.nbits4AsymmetricF32Exact };
}

/** Buffers for the results of so many outputs. */
export class BlockTargets {
  readonly data: Region;
  readonly scales: Region;
  readonly points: Region;
  private readonly exact: boolean;

  constructor(
    private readonly weights: BlockWeights,
    outputs: number,
    private readonly context: StepContext,
  ) {
    const { arena } = kernels();
    const blocks = outputs * blockCount(weights);
    this.exact = context.plan.recipe.mode === 'exact';
    this.data = arena.alloc((blocks * weights.blockSize) / 2);
    this.scales = arena.alloc(blocks * 4);
    this.points = arena.alloc(blocks);
    // Kernels read where they will write, and a page that is read before it is first written costs two page faults.
    for (let at = 0; at < this.data.view.length; at += PAGE_BYTES) this.data.view[at] = 0;
  }

  /**
   * Encodes `count` blocks at `from`, one of each output from the first on, or all of the only one. Of each block, `used`
   * weights are there.
   *
   * @param each Blocks from one result to the next.
   */
  encode(from: number, count: number, used: number, block: number, each: number, stats: number): void {
    const { blockSize: size, asymmetric, dequantized } = this.weights;
    const { data, scales, points } = this.placesOf(block, each);
    const kernel = blockKernels(this.exact, dequantized);
    const largest = asymmetric
      ? kernel.asymmetric(from, count, size, used, ...data, ...scales, ...points, stats)
      : kernel.symmetric(from, count, size, used, ...data, ...scales, stats);
    this.see(largest);
  }

  /**
   * Encodes block number `block` of each of `count` outputs, whose weights lie below each other in rows `stride` bytes apart.
   * Exact only.
   */
  encodeColumns(from: number, count: number, stride: number, used: number, block: number, stats: number): void {
    const { run } = kernels();
    const { blockSize: size, asymmetric } = this.weights;
    const { data, scales, points } = this.placesOf(block, blockCount(this.weights));
    const largest = asymmetric
      ? run.nbits4AsymmetricColumnsF32Exact(from, count, stride, size, used, ...data, ...scales, ...points, stats)
      : run.nbits4ColumnsF32Exact(from, count, stride, size, used, ...data, ...scales, stats);
    this.see(largest);
  }

  /** Where the results of a block go, and how many bytes from one to the next. */
  private placesOf(block: number, each: number): Record<'data' | 'scales' | 'points', [ptr: number, stride: number]> {
    const half = this.weights.blockSize / 2;
    return {
      data: [this.data.ptr + block * half, each * half],
      scales: [this.scales.ptr + block * 4, each * 4],
      points: [this.points.ptr + block, each],
    };
  }

  /** @throws InvalidModelError when the largest magnitude is not finite. */
  private see(largestBits: number): void {
    const { from, name } = this.weights;
    refuseNotFinite(this.context, from.file, name, 'F32', largestBits);
  }

  show(first: number, outputs: number): EncodedBlocks {
    const blocks = outputs * blockCount(this.weights);
    return {
      first,
      outputs,
      data: this.data.view.subarray(0, (blocks * this.weights.blockSize) / 2),
      scales: new Float32Array(this.scales.view.buffer, this.scales.ptr, blocks),
      points: this.points.view.subarray(0, blocks),
    };
  }
}
