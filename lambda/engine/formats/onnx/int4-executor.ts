import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { KernelStats, refuseNotFinite } from '../../weights/weight-kernels';
import { numbersAs } from './number-bytes';
import { Int4Step } from './onnx-steps';
import { eachChunk } from './weight-chunks';

/** Quantizes rows of a matrix to four bits, blocks of rows sharing a scale for each column; or writes those scales. */
export async function writeInt4(step: CustomStep, context: StepContext): Promise<void> {
  const { weights, emit, first, length, prune, tensor } = step as Int4Step;
  const { run, arena } = kernels();
  const { from, name, inputs, outputs, blockSize } = weights;
  const exact = context.plan.recipe.mode === 'exact';
  const rowsOf = emit === 'data' ? (length * 2) / outputs : inputs;
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    // The search for scales adds up sums of its own, which nobody asks for.
    const unused = arena.alloc(24);
    const tile = arena.alloc(outputs * blockSize * 4);
    const scales = arena.alloc(outputs * 4);
    const codes = arena.alloc((outputs * blockSize) / 2);
    const request = {
      from,
      name,
      first: emit === 'data' ? first * outputs : 0,
      count: rowsOf * outputs,
      unit: blockSize * outputs,
      ...(prune === undefined ? {} : { prune: { pattern: prune, stats: emit === 'data' ? stats.ptr : unused.ptr } }),
    };
    await eachChunk(request, context, async (chunk) => {
      for (let done = 0; done < chunk.count; done += blockSize * outputs) {
        const rows = Math.min(blockSize, (chunk.count - done) / outputs);
        const at = chunk.ptr + done * 4;
        if (rows < blockSize) tile.view.fill(0);
        run.transposeF32(at, rows, outputs, outputs * 4, tile.ptr, blockSize * 4);
        const encode = run[exact ? 'nbits4F32Exact' : 'nbits4F32'];
        const half = blockSize / 2;
        const largest = encode(tile.ptr, outputs, blockSize, rows, codes.ptr, half, scales.ptr, 4, unused.ptr);
        refuseNotFinite(context, from.file, name, 'F32', largest);
        if (emit === 'scales') {
          const found = new Float32Array(scales.view.buffer, scales.ptr, outputs);
          await context.write(numbersAs(found.slice(), from.dtype));
          continue;
        }
        run.int4ColumnsF32(at, rows, outputs, scales.ptr, exact, codes.ptr, stats.ptr);
        await context.write(codes.view.subarray(0, (rows * outputs) / 2));
      }
    });
    if (emit === 'data') stats.report(context, tensor, rowsOf * outputs);
  });
}
