import { InvalidModelError } from './errors';
import { ModelFormat } from './formats/model-format';
import { ByteSource } from './io/byte-source';
import { chunkBuffers, streamChunks } from './io/chunk-stream';
import { ModelSource, ObjectStore, UploadedPart } from './io/object-store';
import { kernels } from './kernels';
import { PieceWriter } from './piece-writer';
import { Plan, PlannedPiece } from './plan';
import { readItem, writeResult } from './plan-store';
import { CopyStep, CustomStep, LiteralStep, Step } from './steps';
import { StepContext, TensorSums } from './step-context';

export interface WorkRequest {
  readonly source: ModelSource;
  readonly artifact: ObjectStore;
  readonly work: ObjectStore;
  readonly plan: Plan;
  readonly item: number;
  readonly formats: readonly ModelFormat[];
  /** Told after each step how many bytes of output it made; work goes on once the promise, where there is one, has settled. */
  readonly onProgress?: (bytes: number) => Promise<void> | void;
}

/** The item before the one that is asked for now. */
let last: Promise<void> = Promise.resolve();

/**
 * Makes one item of a plan and stores its result. Running it again makes the same bytes. A thread makes one item at a
 * time, because its kernels have one memory, which is handed out in order.
 */
export function compressItem(request: WorkRequest): Promise<void> {
  const done = last.then(() => makeItem(request));
  last = done.catch(() => undefined);
  return done;
}

async function makeItem(request: WorkRequest): Promise<void> {
  const { plan } = request;
  const format = request.formats.find((candidate) => candidate.name === plan.format);
  if (format === undefined)
    throw new Error(`the plan is for the format ${plan.format}, which this version does not have`);
  const item = await readItem(request.work, plan, request.item);
  const sums = new Map<number, TensorSums>();
  const pieces: { output: number; parts: UploadedPart[] }[] = [];
  for (const piece of item.pieces) {
    pieces.push({ output: piece.output, parts: await makePiece(request, format, piece, sums) });
  }
  await writeResult(request.work, request.item, {
    pieces,
    sums: [...sums].map(([tensor, entry]) => ({ tensor, sums: entry })),
  });
}

async function makePiece(
  request: WorkRequest,
  format: ModelFormat,
  piece: PlannedPiece,
  sums: Map<number, TensorSums>,
): Promise<UploadedPart[]> {
  const { plan } = request;
  const writer = new PieceWriter(request.artifact, plan.outputs[piece.output], piece);
  const sources = new Map<number, Promise<ByteSource>>();
  const context: StepContext = {
    plan,
    source: (file) => {
      const known = sources.get(file) ?? openSource(request, file);
      sources.set(file, known);
      return known;
    },
    write: (bytes) => writer.write(bytes),
    addSums: (tensor, added) => sums.set(tensor, add(sums.get(tensor), added)),
  };
  for (const step of piece.steps) {
    await runStep(format, step, context);
    await request.onProgress?.(step.length);
  }
  return writer.close();
}

function openSource(request: WorkRequest, file: number): Promise<ByteSource> {
  const object = request.plan.sources[file];
  if (object === undefined)
    throw new InvalidModelError(request.plan.sourceRoot, `has no file number ${file} in its plan`);
  return request.source.open(object.key, object);
}

async function runStep(format: ModelFormat, step: Step, context: StepContext): Promise<void> {
  if (step.kind === 'literal') return context.write(Buffer.from((step as LiteralStep).data, 'base64'));
  if (step.kind === 'copy') return copy(step as CopyStep, context);
  const execute = format.executors[step.kind];
  if (execute === undefined) throw new Error(`the format ${format.name} has no step ${step.kind}`);
  return execute(step as CustomStep, context);
}

async function copy({ from }: CopyStep, context: StepContext): Promise<void> {
  const { arena } = kernels();
  await arena.scoped(async () => {
    const source = await context.source(from.file);
    const buffers = chunkBuffers(arena, 1, from.length, source);
    await streamChunks(source, from.offset, from.length, buffers, (region, bytes) =>
      context.write(region.view.subarray(0, bytes)),
    );
  });
}

function add(a: TensorSums | undefined, b: TensorSums): TensorSums {
  if (a === undefined) return b;
  return { signal: a.signal + b.signal, noise: a.noise + b.noise, zeros: a.zeros + b.zeros, count: a.count + b.count };
}
