import { chunkBuffers, streamChunks } from '../../io/chunk-stream';
import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { weightBytes } from '../../weights/weight-type';
import { openPruner } from '../../weights/pruner';
import { WeightRange } from '../../weights/weight-range';
import { absmaxBits, refuseNotFinite } from '../../weights/weight-kernels';
import { PrunePattern } from './onnx-steps';

/** Some weights in kernel memory, as f32 whatever they are in the source. */
export interface WeightChunk {
  readonly ptr: number;
  /** Number of values. */
  readonly count: number;
  /** The first one's number in the tensor. */
  readonly first: number;
}

/** What is read of a tensor, and what is done to it before anybody sees it. */
export interface ChunkRequest {
  readonly from: WeightRange;
  /** The tensor's name, for messages. */
  readonly name: string;
  /** Number of the first value, at the start of a unit. */
  readonly first: number;
  readonly count: number;
  /** Values that are shown together, such as a row. */
  readonly unit: number;
  /** Whether infinities and NaN of 16 bits may pass. */
  readonly anyValues?: true;
  /** Prunes them. `stats` is the address of the sums that what is lost is added to. */
  readonly prune?: { readonly pattern: PrunePattern; readonly stats: number };
}

/**
 * Streams weights through kernel memory. Whoever is shown float32 looks for infinities and NaN, because most find the
 * largest magnitude anyway.
 */
export async function eachChunk(
  request: ChunkRequest,
  context: StepContext,
  visit: (chunk: WeightChunk) => Promise<void> | void,
): Promise<void> {
  const { from, name, first, count, unit, prune } = request;
  const { run, arena } = kernels();
  const size = weightBytes(from.dtype);
  await arena.scoped(async () => {
    const source = await context.source(from.file);
    const buffers = chunkBuffers(arena, unit * size, count * size, source);
    const wide = size === 4 ? undefined : arena.alloc(buffers.bytes * 2);
    const share = prune !== undefined && prune.pattern.share !== '2:4';
    const pruner = share ? await openPruner(kernels(), context, from, first * size, buffers) : undefined;
    await streamChunks(source, from.offset + first * size, count * size, buffers, (region, bytes, at) => {
      const values = bytes / size;
      // As f32, infinities and NaN of f16 could not be told any more.
      if (wide !== undefined && !request.anyValues) {
        refuseNotFinite(context, from.file, name, from.dtype, absmaxBits(kernels(), region.ptr, values, from.dtype));
      }
      pruner?.prune(region, 1, values, prune!.stats);
      if (wide !== undefined) run[from.dtype === 'F16' ? 'widenF16' : 'widenBf16'](region.ptr, values, wide.ptr);
      const ptr = wide?.ptr ?? region.ptr;
      if (prune !== undefined && !share) {
        const { stride } = prune.pattern;
        if (stride === 1) run.prune24F32(ptr, 1, values, prune.stats);
        else run.prune24StridedF32(ptr, values / stride, stride, prune.stats);
      }
      return visit({ ptr, count: values, first: first + at / size });
    });
  });
}
