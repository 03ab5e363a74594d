import { chunkBuffers, streamChunks } from '../../io/chunk-stream';
import { kernels } from '../../kernels';
import { makeEncoder } from './schemes/make-encoder';
import { PartRole } from './schemes/scheme';
import { schemeOf } from './schemes/schemes';
import { StepExecutor } from '../../step-context';
import { weightBytes } from '../../weights/weight-type';
import { globalScaleOf } from './global-scale';
import { openPruner } from '../../weights/pruner';
import { QuantizeStep } from './safetensors-steps';
import { outputMajor } from './turned-source';
import { KernelStats, refuseNotFinite } from '../../weights/weight-kernels';

/** Quantizes rows of a matrix: the packed weights go out chunk by chunk, what belongs to the rows as a whole after them. */
export const quantize: StepExecutor = async (untyped, context) => {
  const step = untyped as QuantizeStep;
  const { from, columns, begin, end } = step;
  const scheme = schemeOf(step.method, step.groupSize);
  const rowBytes = columns * weightBytes(from.dtype);
  const { arena } = kernels();
  const parts = scheme.parts({ rows: end - begin, columns }, from.dtype).filter(({ role }) => step.emit.includes(role));
  const held = new Map(
    parts.map(({ role, bytes }) => [role, { bytes: new Uint8Array(role === 'data' ? 0 : bytes), filled: 0 }]),
  );
  const keep = (role: PartRole, bytes: Uint8Array | undefined) => {
    const part = held.get(role);
    if (part === undefined || bytes === undefined) return;
    part.bytes.set(bytes, part.filled);
    part.filled += bytes.length;
  };
  const emitsData = step.emit.includes('data');
  await arena.scoped(async () => {
    const stats = new KernelStats(arena.alloc(24));
    const weights = await outputMajor(context, arena, from, columns);
    const source = await weights.source(from.file);
    const buffers = chunkBuffers(arena, scheme.rowMultiple * rowBytes, (end - begin) * rowBytes, source);
    const pruner = step.prune ? await openPruner(kernels(), weights, from, begin * rowBytes, buffers) : undefined;
    const globalScale = step.shared && (await globalScaleOf(context, step.shared, buffers));
    const encoder = makeEncoder({
      scheme,
      dtype: from.dtype,
      columns,
      maxRows: buffers.bytes / rowBytes,
      exact: context.plan.recipe.mode === 'exact',
      globalScale,
      stats: stats.ptr,
    });
    if (emitsData || step.emit.includes('scale') || step.emit.includes('zero-point')) {
      await streamChunks(source, from.offset + begin * rowBytes, (end - begin) * rowBytes, buffers, (region, bytes) => {
        const rows = bytes / rowBytes;
        pruner?.prune(region, rows, columns, stats.ptr);
        const encoded = encoder.encode(region.ptr, rows);
        refuseNotFinite(context, from.file, step.module, from.dtype, encoded.absmaxBits);
        keep('scale', encoded.scales);
        keep('zero-point', encoded.zeroPoints);
        return emitsData ? context.write(encoded.data) : undefined;
      });
    }
    if (globalScale !== undefined) keep('global-scale', new Uint8Array(Float32Array.of(globalScale).buffer));
    keep('shape', new Uint8Array(BigInt64Array.of(BigInt(step.rows), BigInt(columns)).buffer));
    for (const { role } of parts) if (role !== 'data') await context.write(held.get(role)!.bytes);
    if (emitsData) stats.report(context, step.tensor, (end - begin) * columns);
  });
};
