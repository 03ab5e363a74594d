import { kernels, Region } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats, refuseNotFinite } from '../../weights/weight-kernels';
import { BlockParts } from './block-parts';
import { blockCount, blockKernels } from './block-targets';
import { numbersAs } from './number-bytes';
import { BlockWeights, Int4Step } from './onnx-steps';
import { packNibbles } from './pack-nibbles';
import { eachChunk } from './weight-chunks';

/** What takes codes from 0 to 15 to those from -8 to 7. */
const SIGN = 8;

/** Quantizes rows of a matrix to four bits, blocks of rows sharing a scale for each column; or writes those scales. */
export async function writeInt4(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, emit, first, length, prune, tensor } = step as Int4Step;
  const { run, arena } = kernels();
  const { from, name, inputs, outputs, blockSize, asymmetric } = weights;
  const total = blockCount(weights) * outputs;
  const known = BlockParts.of(weights, prune, context);
  if (emit !== 'data' && known?.reach(total)) {
    return context.write(emit === 'points' ? packNibbles(known.points) : numbersAs(known.scales.slice(), from.dtype));
  }
  const data = emit === 'data';
  const rowsOf = data ? Math.min(inputs - first, Math.floor((length * 2) / outputs)) : inputs;
  const collected = new Uint8Array(emit === 'points' ? total : 0);
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    // What is written beside the weights counts nothing once more.
    const counted = data ? stats.ptr : arena.alloc(24).ptr;
    const columns = new ColumnBlocks(weights, context.plan.recipe.mode === 'exact');
    const turned = arena.alloc((outputs * blockSize) / 2);
    const request = {
      from,
      name,
      first: data ? first * outputs : 0,
      count: rowsOf * outputs,
      unit: blockSize * outputs,
      ...(prune === undefined ? {} : { prune: { pattern: prune, stats: counted } }),
    };
    await eachChunk(request, context, async (chunk) => {
      for (let done = 0; done < chunk.count; done += blockSize * outputs) {
        const rows = Math.min(blockSize, (chunk.count - done) / outputs);
        refuseNotFinite(context, from.file, name, 'F32', columns.encode(chunk.ptr + done * 4, rows, counted));
        const block = (chunk.first + done) / blockSize;
        known?.keep(block, columns.scales, columns.points);
        if (emit === 'scales') await context.write(numbersAs(columns.scales.slice(), from.dtype));
        if (emit === 'points') collected.set(columns.points, block);
        if (!data) continue;
        run.turnCodes(columns.codes, outputs, blockSize / 2, rows, asymmetric ? 0 : SIGN, turned.ptr);
        await context.write(turned.view.subarray(0, Math.ceil((rows * outputs) / 2)));
      }
    });
    if (data) stats.report(context, tensor, rowsOf * outputs);
  });
  if (emit === 'points') await context.write(packNibbles(collected));
}

/** A block of each column of a matrix, one after the other. */
class ColumnBlocks {
  /** Address of the blocks' codes. */
  readonly codes: number;
  private readonly tile: Region;
  private readonly places: Region;

  constructor(
    private readonly weights: BlockWeights,
    private readonly exact: boolean,
  ) {
    const { arena } = kernels();
    const { outputs, blockSize } = weights;
    this.codes = arena.alloc((outputs * blockSize) / 2).ptr;
    this.tile = arena.alloc(outputs * blockSize * 4);
    this.places = arena.alloc(outputs * 5);
  }

  /** One f32 a column; holds until the next block. */
  get scales(): Float32Array {
    return new Float32Array(this.places.view.buffer, this.places.ptr, this.weights.outputs);
  }

  /** One byte a column. */
  get points(): Uint8Array {
    return this.places.view.subarray(this.weights.outputs * 4);
  }

  /** Encodes `rows` rows at `from`; returns the largest magnitude's bits. */
  encode(from: number, rows: number, stats: number): number {
    const { run } = kernels();
    const { outputs, blockSize: size, asymmetric } = this.weights;
    if (rows < size) this.tile.view.fill(0);
    run.transposeF32(from, rows, outputs, outputs * 4, this.tile.ptr, size * 4);
    const block = [this.tile.ptr, outputs, size, rows, this.codes, size / 2, this.places.ptr, 4] as const;
    const points = [this.places.ptr + outputs * 4, 1] as const;
    const kernel = blockKernels(this.exact, true);
    return asymmetric ? kernel.asymmetric(...block, ...points, stats) : kernel.symmetric(...block, stats);
  }
}
