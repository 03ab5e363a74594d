import { CACHED_BYTES, chunkBuffers, streamChunks } from '../../io/chunk-stream';
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

/** Source bytes of weights that are held in kernel memory, so that finding their scales and using them is one read. */
const HELD_BYTES = 16 * 1024 * 1024;

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
  /** These weights, where they are held already. */
  readonly held?: WeightChunk | undefined;
}

/** Reads weights of which whoever asks will want to see each chunk twice; undefined where they are too many for that. */
export async function holdWeights(
  from: WeightRange,
  first: number,
  count: number,
  context: StepContext,
): Promise<WeightChunk | undefined> {
  if (from.dtype !== 'F32' || count * 4 > HELD_BYTES) return undefined;
  const { ptr, view } = kernels().arena.alloc(count * 4);
  await (await context.source(from.file)).read(from.offset + first * 4, view);
  return { ptr, count, first };
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
  if (request.held !== undefined) return eachHeld(request, request.held, visit);
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

/** Shows what is held in chunks as small as if they were read, so that what becomes of them stays in a core's own cache. */
async function eachHeld(
  { first, count, unit }: ChunkRequest,
  held: WeightChunk,
  visit: (chunk: WeightChunk) => Promise<void> | void,
): Promise<void> {
  const each = Math.max(unit, Math.floor(CACHED_BYTES / 4 / unit) * unit);
  for (let done = 0; done < count; done += each) {
    const ptr = held.ptr + (first - held.first + done) * 4;
    await visit({ ptr, count: Math.min(each, count - done), first: first + done });
  }
}
