import { ConflictError, InvalidModelError } from './errors';
import { ModelFormat, LayoutLimits, SourceFiles } from './formats/model-format';
import { ModelSource, ObjectStore } from './io/object-store';
import { packItems } from './pack-items';
import { partBytes, partSizes } from './part-sizes';
import { Layout, Plan, PlannedOutput } from './plan';
import { readPlan, writePlan } from './plan-store';
import { MANIFEST_KEY, MAX_MANIFEST_BYTES } from './manifest';
import { Recipe } from './recipe';
import { unknownFormat } from './unknown-format';

/** S3's smallest part, but for an object's last. */
const MIN_PIECE_BYTES = 5 * 1024 * 1024;

/** Source bytes of one worker's share: some seconds of work, and far below a function's time limit. */
export const DEFAULT_ITEM_BYTES = 512 * 1024 * 1024;

/** More files than any model has; a listing beyond it is a wrong prefix. */
const MAX_SOURCE_FILES = 100_000;

export interface PlanRequest {
  readonly source: ModelSource;
  readonly artifact: ObjectStore;
  /** Where the plan and the workers' results are kept. */
  readonly work: ObjectStore;
  readonly recipe: Recipe;
  /** In the order in which they are asked whether they know the model. */
  readonly formats: readonly ModelFormat[];
  /** @default 512 MiB */
  readonly itemBytes?: number;
  /** Source bytes of a tensor that one worker makes whole all the same. @default itemBytes */
  readonly wholeTensorBytes?: number;
}

export interface PlanAnswer {
  /** How many items there are to compress. */
  readonly items: number;
  /** Whether the artifact is complete already, so that nothing is left to do. */
  readonly finished: boolean;
}

/**
 * Plans a build: reads the model's headers, lays out every output, starts the uploads and stores the plan. Planning the
 * same build again answers with the plan that is there.
 *
 * @throws InvalidModelError, InvalidRecipeError
 */
export async function planBuild(request: PlanRequest): Promise<PlanAnswer> {
  if ((await request.artifact.get(MANIFEST_KEY, MAX_MANIFEST_BYTES)) !== undefined) return { items: 0, finished: true };
  const earlier = await readPlan(request.work);
  if (earlier !== undefined) return { items: earlier.itemOffsets.length - 1, finished: false };

  const { format, source, layout } = await layOut(request);
  checkLayout(layout);
  const outputs: PlannedOutput[] = [];
  try {
    for (const output of layout.outputs) {
      const sizes = output.pieces.map((piece) => partSizes(piece.length, partBytes(output.size)).length);
      const uploadId = output.size === 0 ? '' : await request.artifact.createUpload(output.key, output.size);
      outputs.push({ key: output.key, size: output.size, uploadId, parts: sizes.reduce((a, b) => a + b, 0) });
    }
    const items = packItems(layout, request.itemBytes ?? DEFAULT_ITEM_BYTES);
    const plan: Omit<Plan, 'itemOffsets'> = {
      schemaVersion: 1,
      format: format.name,
      recipe: request.recipe,
      sources: source.files,
      sourceRoot: request.source.root,
      artifactRoot: request.artifact.root,
      outputs,
      tensors: layout.tensors,
      warnings: layout.warnings,
    };
    if (await writePlan(request.work, plan, items)) return { items: items.length, finished: false };
  } catch (error) {
    await abortOutputs(request.artifact, outputs);
    throw error;
  }
  await abortOutputs(request.artifact, outputs);
  const winner = await readPlan(request.work);
  if (winner === undefined)
    throw new ConflictError(`the plan in ${request.work.root} vanished while it was being made; start the build again`);
  return { items: winner.itemOffsets.length - 1, finished: false };
}

/** Finds the model's format and asks it for the layout, without starting anything. */
export async function layOut(
  request: Pick<PlanRequest, 'source' | 'recipe' | 'formats' | 'itemBytes' | 'wholeTensorBytes'>,
): Promise<{ format: ModelFormat; source: SourceFiles; layout: Layout }> {
  const files = await request.source.list();
  if (files.length === 0)
    throw new InvalidModelError(request.source.root, 'holds no files; check the address of the model');
  if (files.length > MAX_SOURCE_FILES) {
    throw new InvalidModelError(
      request.source.root,
      `holds ${files.length} files, more than ${MAX_SOURCE_FILES}; is it a model's own folder?`,
    );
  }
  const source: SourceFiles = { files, open: (index) => request.source.open(files[index].key, files[index]) };
  for (const format of request.formats) {
    if (!(await format.detect(source))) continue;
    const limits: LayoutLimits = {
      targetPieceBytes: request.itemBytes ?? DEFAULT_ITEM_BYTES,
      minPieceBytes: MIN_PIECE_BYTES,
      wholeTensorBytes: request.wholeTensorBytes,
    };
    return { format, source, layout: await format.plan(source, request.recipe, limits) };
  }
  throw unknownFormat(request.source.root, files, request.formats);
}

/** A layout is made from untrusted headers: an output with a hole or a clash would be a damaged artifact. */
function checkLayout(layout: Layout): void {
  const keys = new Set<string>();
  for (const output of layout.outputs) {
    if (keys.has(output.key) || output.key === MANIFEST_KEY) {
      throw new InvalidModelError(output.key, 'would be written twice; rename the file in the source');
    }
    keys.add(output.key);
    let end = 0;
    output.pieces.forEach((piece, index) => {
      const stepBytes = piece.steps.reduce((sum, step) => sum + step.length, 0);
      const last = index === output.pieces.length - 1;
      if (
        piece.offset !== end ||
        stepBytes !== piece.length ||
        piece.length === 0 ||
        (!last && piece.length < MIN_PIECE_BYTES)
      ) {
        throw new Error(
          `${output.key}: piece ${index} is laid out wrongly (offset ${piece.offset}, length ${piece.length}, steps ${stepBytes})`,
        );
      }
      end += piece.length;
    });
    if (end !== output.size) throw new Error(`${output.key}: pieces end at ${end} of ${output.size} bytes`);
  }
}

/** Gives up the uploads of outputs; those that are gone already are no error. */
export async function abortOutputs(artifact: ObjectStore, outputs: readonly PlannedOutput[]): Promise<void> {
  for (const output of outputs) {
    if (output.uploadId !== '') await artifact.abortUpload(output.key, output.uploadId);
  }
}
