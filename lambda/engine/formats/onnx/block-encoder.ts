import { kernels, Region } from '../../kernels';
import { StepContext } from '../../step-context';
import { refuseNotFinite } from '../../weights/weight-kernels';
import { BlockWeights, PrunePattern } from './onnx-steps';
import { eachChunk } from './weight-chunks';

/** What a slab of columns may take of kernel memory, encoded and before. */
const ENCODED_BYTES = 40 * 1024 * 1024;
const TILE_BYTES = 16 * 1024 * 1024;

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

/** What is encoded: the outputs from `begin` up to, not including, `end`. */
export interface BlockJob {
  readonly weights: BlockWeights;
  readonly begin: number;
  readonly end: number;
  readonly prune: PrunePattern | undefined;
  /** Address of three sums. */
  readonly stats: number;
}

/** How many blocks an output has. */
export function blockCount({ inputs, blockSize }: BlockWeights): number {
  return Math.ceil(inputs / blockSize);
}

/** Encodes weights block by block, and shows them in the order of the outputs. */
export function encodeBlocks(
  job: BlockJob,
  context: StepContext,
  visit: (encoded: EncodedBlocks) => Promise<void>,
): Promise<void> {
  return job.weights.outputsFirst ? encodeRows(job, context, visit) : encodeColumns(job, context, visit);
}

/** Buffers for the results of so many outputs. */
class Targets {
  readonly data: Region;
  readonly scales: Region;
  readonly points: Region;

  constructor(
    private readonly weights: BlockWeights,
    outputs: number,
    private readonly context: StepContext,
  ) {
    const { arena } = kernels();
    const blocks = outputs * blockCount(weights);
    this.data = arena.alloc((blocks * weights.blockSize) / 2);
    this.scales = arena.alloc(blocks * 4);
    this.points = arena.alloc(blocks);
  }

  /**
   * Encodes `count` blocks at `from`, one of each output from `output` on, or all of the only one.
   *
   * @param each Blocks from one result to the next.
   */
  encode(from: number, count: number, used: number, block: number, each: number, exact: boolean, stats: number): void {
    const { run } = kernels();
    const { blockSize: size, asymmetric } = this.weights;
    const half = size / 2;
    const data = this.data.ptr + block * half;
    const scales = this.scales.ptr + block * 4;
    const suffix = exact ? 'Exact' : '';
    if (!asymmetric) {
      return this.see(run[`nbits4F32${suffix}`](from, count, size, used, data, each * half, scales, each * 4, stats));
    }
    const points = this.points.ptr + block;
    const largest = run[`nbits4AsymmetricF32${suffix}`](
      from,
      count,
      size,
      used,
      data,
      each * half,
      scales,
      each * 4,
      points,
      each,
      stats,
    );
    this.see(largest);
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

/** Weights of one output follow each other. */
async function encodeRows(
  { weights, begin, end, prune, stats }: BlockJob,
  context: StepContext,
  visit: (encoded: EncodedBlocks) => Promise<void>,
): Promise<void> {
  const { arena } = kernels();
  const { inputs, blockSize } = weights;
  const blocks = blockCount(weights);
  const rest = inputs - (blocks - 1) * blockSize;
  const exact = context.plan.recipe.mode === 'exact';
  const request = {
    from: weights.from,
    name: weights.name,
    first: begin * inputs,
    count: (end - begin) * inputs,
    unit: inputs,
  };
  await eachChunk({ ...request, ...pruning(prune, stats) }, context, (chunk) =>
    arena.scoped(async () => {
      const outputs = chunk.count / inputs;
      const targets = new Targets(weights, outputs, context);
      const padded = arena.alloc(rest === blockSize ? 0 : blockSize * 4);
      padded.view.fill(0);
      if (rest === blockSize) targets.encode(chunk.ptr, outputs * blocks, blockSize, 0, 1, exact, stats);
      else {
        for (let row = 0; row < outputs; row++) {
          const at = chunk.ptr + row * inputs * 4;
          targets.encode(at, blocks - 1, blockSize, row * blocks, 1, exact, stats);
          const last = new Uint8Array(padded.view.buffer, at + (blocks - 1) * blockSize * 4, rest * 4);
          padded.view.set(last);
          targets.encode(padded.ptr, 1, rest, row * blocks + blocks - 1, 1, exact, stats);
        }
      }
      await visit(targets.show(chunk.first / inputs, outputs));
    }),
  );
}

/** Weights of one input follow each other: all are read for each slab of outputs that fits into memory. */
async function encodeColumns(
  { weights, begin, end, prune, stats }: BlockJob,
  context: StepContext,
  visit: (encoded: EncodedBlocks) => Promise<void>,
): Promise<void> {
  const { run, arena } = kernels();
  const { inputs, outputs: width, blockSize } = weights;
  const blocks = blockCount(weights);
  const exact = context.plan.recipe.mode === 'exact';
  const fitting = Math.min(ENCODED_BYTES / ((blocks * blockSize) / 2), TILE_BYTES / (blockSize * 4));
  const slab = Math.max(1, Math.floor(fitting));
  const unit = prune?.share === '2:4' ? 4 * width : width;
  for (let first = begin; first < end; first += slab) {
    const outputs = Math.min(slab, end - first);
    await arena.scoped(async () => {
      const targets = new Targets(weights, outputs, context);
      const tile = arena.alloc(outputs * blockSize * 4);
      // What pruning loses of all outputs is counted once.
      const lost = first === 0 ? stats : arena.alloc(24).ptr;
      const request = { from: weights.from, name: weights.name, first: 0, count: inputs * width, unit };
      await eachChunk({ ...request, ...pruning(prune, lost) }, context, (chunk) => {
        let input = chunk.first / width;
        const beyond = input + chunk.count / width;
        while (input < beyond) {
          const within = input % blockSize;
          const block = Math.floor(input / blockSize);
          const rows = Math.min(blockSize - within, beyond - input);
          const from = chunk.ptr + ((input - chunk.first / width) * width + first) * 4;
          if (within === 0 && inputs - input < blockSize) tile.view.fill(0);
          run.transposeF32(from, rows, outputs, width * 4, tile.ptr + within * 4, blockSize * 4);
          input += rows;
          if (input % blockSize !== 0 && input !== inputs) continue;
          targets.encode(tile.ptr, outputs, input - block * blockSize, block, blocks, exact, stats);
        }
      });
      await visit(targets.show(first, outputs));
    });
  }
}

function pruning(
  pattern: PrunePattern | undefined,
  stats: number,
): { prune?: { pattern: PrunePattern; stats: number } } {
  return pattern === undefined ? {} : { prune: { pattern, stats } };
}
