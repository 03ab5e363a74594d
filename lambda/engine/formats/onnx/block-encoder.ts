import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { blockCount, BlockTargets, EncodedBlocks } from './block-targets';
import { BlockWeights, PrunePattern } from './onnx-steps';
import { eachChunk, WeightChunk } from './weight-chunks';

/** What a slab of columns may take of kernel memory, encoded and before. */
const ENCODED_BYTES = 40 * 1024 * 1024;
const TILE_BYTES = 16 * 1024 * 1024;

/** What is encoded: the outputs from `begin` up to, not including, `end`. */
export interface BlockJob {
  readonly weights: BlockWeights;
  readonly begin: number;
  readonly end: number;
  readonly prune: PrunePattern | undefined;
  /** Address of three sums. */
  readonly stats: number;
}

/** Encodes weights block by block, and shows them in the order of the outputs. */
export function encodeBlocks(
  job: BlockJob,
  context: StepContext,
  visit: (encoded: EncodedBlocks) => Promise<void>,
): Promise<void> {
  return job.weights.outputsFirst ? encodeRows(job, context, visit) : encodeColumns(job, context, visit);
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
      const targets = new BlockTargets(weights, outputs, context);
      const padded = arena.alloc(rest === blockSize ? 0 : blockSize * 4);
      padded.view.fill(0);
      if (rest === blockSize) targets.encode(chunk.ptr, outputs * blocks, blockSize, 0, 1, stats);
      else {
        for (let row = 0; row < outputs; row++) {
          const at = chunk.ptr + row * inputs * 4;
          targets.encode(at, blocks - 1, blockSize, row * blocks, 1, stats);
          const last = new Uint8Array(padded.view.buffer, at + (blocks - 1) * blockSize * 4, rest * 4);
          padded.view.set(last);
          targets.encode(padded.ptr, 1, rest, row * blocks + blocks - 1, 1, stats);
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
  const { arena } = kernels();
  const { inputs, outputs: width, blockSize } = weights;
  const whole = context.plan.recipe.mode === 'exact' && blockSize * width * 4 <= TILE_BYTES;
  const encodedEach = (blockCount(weights) * blockSize) / 2;
  const fitting = Math.min(ENCODED_BYTES / encodedEach, whole ? width : TILE_BYTES / (blockSize * 4));
  const slab = Math.max(1, Math.floor(fitting));
  const rows = whole ? blockSize : prune?.share === '2:4' ? 4 : 1;
  for (let first = begin; first < end; first += slab) {
    const outputs = Math.min(slab, end - first);
    await arena.scoped(async () => {
      const targets = new BlockTargets(weights, outputs, context);
      // What pruning loses of all outputs is counted once.
      const lost = first === 0 ? stats : arena.alloc(24).ptr;
      const request = { from: weights.from, name: weights.name, first: 0, count: inputs * width, unit: rows * width };
      const job = { weights, targets, first, outputs, stats };
      await eachChunk({ ...request, ...pruning(prune, lost) }, context, whole ? wholeBlocks(job) : partsOfBlocks(job));
      await visit(targets.show(first, outputs));
    });
  }
}

/** Some of a matrix's columns. */
interface Slab {
  readonly weights: BlockWeights;
  readonly targets: BlockTargets;
  readonly first: number;
  readonly outputs: number;
  readonly stats: number;
}

/** Encodes where they lie rows that make up whole blocks. */
function wholeBlocks({ weights, targets, first, outputs, stats }: Slab): (chunk: WeightChunk) => void {
  const { inputs, outputs: width, blockSize } = weights;
  return (chunk) => {
    const begin = chunk.first / width;
    const end = begin + chunk.count / width;
    for (let input = begin; input < end; input += blockSize) {
      const used = Math.min(blockSize, inputs - input);
      const from = chunk.ptr + ((input - begin) * width + first) * 4;
      targets.encodeColumns(from, outputs, width * 4, used, input / blockSize, stats);
    }
  };
}

/** Gathers blocks, column by column, from rows of any number. */
function partsOfBlocks({ weights, targets, first, outputs, stats }: Slab): (chunk: WeightChunk) => void {
  const { run, arena } = kernels();
  const { inputs, outputs: width, blockSize } = weights;
  const tile = arena.alloc(outputs * blockSize * 4);
  return (chunk) => {
    const begin = chunk.first / width;
    const end = begin + chunk.count / width;
    let input = begin;
    while (input < end) {
      const within = input % blockSize;
      const block = Math.floor(input / blockSize);
      const rows = Math.min(blockSize - within, end - input);
      const from = chunk.ptr + ((input - begin) * width + first) * 4;
      if (within === 0 && inputs - input < blockSize) tile.view.fill(0);
      run.transposeF32(from, rows, outputs, width * 4, tile.ptr + within * 4, blockSize * 4);
      input += rows;
      if (input % blockSize !== 0 && input !== inputs) continue;
      targets.encode(tile.ptr, outputs, input - block * blockSize, block, blockCount(weights), stats);
    }
  };
}

function pruning(
  pattern: PrunePattern | undefined,
  stats: number,
): { prune?: { pattern: PrunePattern; stats: number } } {
  return pattern === undefined ? {} : { prune: { pattern, stats } };
}
