import { chunkBuffers } from '../../io/chunk-stream';
import { kernels } from '../../kernels';
import { StepContext } from '../../step-context';
import { SourceRange } from '../../steps';
import { openPruner } from '../../weights/pruner';
import { Prune } from './tflite-steps';
import { Chunk } from './weight-stream';

/** Sets values of chunks that come in order to zero; adds what is lost to the three sums at an address. */
export type Pruner = (chunk: Chunk, sums: number) => void;

/** The pruner for the values of a tensor from `first` on; a share is that of the whole tensor. */
export async function prunerFor(
  prune: Prune | undefined,
  from: SourceRange,
  first: number,
  context: StepContext,
): Promise<Pruner | undefined> {
  if (prune === undefined) return undefined;
  const { arena } = kernels();
  const source = await context.source(from.file);
  const pruner = await arena.scoped(() => {
    const buffers = chunkBuffers(arena, 4, from.length, source);
    return openPruner(kernels(), context, { ...from, dtype: 'F32' }, first * 4, buffers);
  });
  return (chunk, sums) => pruner.prune(chunk, 1, chunk.count, sums);
}
