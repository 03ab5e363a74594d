import { InvalidModelError } from '../../errors';
import { Layout, OutputLayout, PlannedTensor } from '../../plan';
import { Recipe } from '../../recipe';
import { sortCompanions } from '../companion-files';
import { cutPieces, Segment } from '../cut-pieces';
import { LayoutLimits, ModelFormat, SourceFiles } from '../model-format';
import { artifactBytes } from './artifact-bytes';
import { writeBlocks } from './block-executor';
import { typeName } from './element-types';
import { ExternalFiles } from './external-files';
import { writeFloats } from './float-executor';
import { graphsWithin, readGraph } from './graph';
import { writeInt4 } from './int4-executor';
import { writeIntegers, writeScales } from './integer-executor';
import { integerOf, Message, messagesOf, stringOf } from './message';
import { candidates, modelAmong } from './model-files';
import { placeData } from './place-data';
import { readModel } from './read-model';
import { ModelParts, rewriteModel } from './rewrite-model';
import { MODEL, OPERATOR_SET } from './schema';
import { MIN_VALUES, TreatmentRules } from './treatment';
import { writeTable } from './table-executor';
import { Decided } from './weight-data';
import { findConstants, usesIn } from './weights';
import { warningsFor } from './warnings';
import { WireError } from './wire';
import { copySegment, layOutMessage } from './write-model';

/** The first IR version whose inputs may have defaults; before, every constant is listed as an input. */
const DEFAULTS_SINCE = 4;

/** Times that a model may grow: tiny ones do, by the operators that turn numbers back, and tied weights come apart. */
const MAX_GROWTH = 64;

/** ONNX: a model with its weights in it, or in files beside it. */
export const onnxFormat: ModelFormat = {
  name: 'onnx',
  detect: async ({ files }) => candidates(files).length > 0,
  plan: (source, recipe, limits) => planModel(source, recipe, limits),
  executors: {
    'onnx.integers': writeIntegers,
    'onnx.scales': writeScales,
    'onnx.blocks': writeBlocks,
    'onnx.int4': writeInt4,
    'onnx.table': writeTable,
    'onnx.floats': writeFloats,
  },
};

/**
 * Lays out the compressed model from its structure alone.
 *
 * @param minValues Tensors of fewer values stay as they are.
 * @throws InvalidModelError, InvalidRecipeError.
 */
export async function planModel(
  source: SourceFiles,
  recipe: Recipe,
  limits: LayoutLimits,
  minValues: number = MIN_VALUES,
): Promise<Layout> {
  const index = modelAmong(source.files);
  const { key } = source.files[index];
  try {
    return await plan(source, index, recipe, limits, minValues);
  } catch (error) {
    if (error instanceof WireError) throw new InvalidModelError(key, `${error.message}; export the model again`);
    throw error;
  }
}

async function plan(
  source: SourceFiles,
  index: number,
  recipe: Recipe,
  limits: LayoutLimits,
  minValues: number,
): Promise<Layout> {
  const { key } = source.files[index];
  const message = await readModel(await source.open(index));
  const files = new ExternalFiles(key, source.files);
  const model = partsOf(message, index, files);
  const rules = new TreatmentRules(recipe, model.operatorSet, minValues);
  const inputsAreConstants = Number(integerOf(message, MODEL.irVersion) ?? 0n) < DEFAULTS_SINCE;
  const decisions = findConstants(model.root, model.uses, index, files, inputsAreConstants).map(
    (constant, at): Decided => ({ constant, treatment: rules.treat(constant), index: at }),
  );
  const exact = recipe.mode === 'exact';
  await rewriteModel(model, decisions, exact, source);
  const data = placeData(message, index, files);
  const { copied, warnings } = sortCompanions(source.files, (file) => file === index || files.used.has(file));
  const structure = layOutMessage(message, index);
  refuseEndlessSharing(source, new Set([index, ...files.used]), key, [...structure, ...(data?.segments ?? [])]);
  const outputs = [
    outputOf(key, structure, limits),
    ...(data === undefined ? [] : [outputOf(data.key, data.segments, limits)]),
    ...copied.map((file) => outputOf(source.files[file].key, [copySegment(file, 0, source.files[file].size)], limits)),
  ];
  return {
    outputs: outputs.sort((a, b) => (a.key < b.key ? -1 : 1)),
    tensors: decisions.map((decided) => planned(decided, exact)),
    warnings: [...warnings, ...warningsFor(decisions, recipe, message)],
  };
}

/** @throws InvalidModelError when so many tensors share their data that the artifact would outgrow the model without end. */
function refuseEndlessSharing(
  source: SourceFiles,
  read: ReadonlySet<number>,
  key: string,
  segments: readonly Segment[],
): void {
  const before = [...read].reduce((sum, file) => sum + source.files[file].size, 0);
  const after = segments.reduce((sum, { length }) => sum + length, 0);
  if (after <= MAX_GROWTH * before) return;
  throw new InvalidModelError(
    key,
    `would become ${after} bytes where it has ${before} with its data: its tensors lie over each other; export it again`,
  );
}

function partsOf(message: Message, index: number, files: ExternalFiles): ModelParts {
  const graphs = messagesOf(message, MODEL.graph);
  if (graphs.length !== 1) {
    throw new InvalidModelError(files.model, `has ${graphs.length} graphs, not one; it is no ONNX model, or damaged`);
  }
  const root = readGraph(graphs[0], index, files);
  const all = graphsWithin(root);
  return { message, root, graphs: all, uses: usesIn(all), operatorSet: operatorSetOf(message) };
}

/** Version of ONNX's own operators. */
function operatorSetOf(model: Message): number {
  const own = messagesOf(model, MODEL.operatorSets).find((set) =>
    ['', 'ai.onnx'].includes(stringOf(set, OPERATOR_SET.domain)),
  );
  return own === undefined ? 1 : Number(integerOf(own, OPERATOR_SET.version) ?? 1n);
}

function outputOf(key: string, segments: readonly Segment[], limits: LayoutLimits): OutputLayout {
  const size = segments.reduce((sum, segment) => sum + segment.length, 0);
  return { key, size, pieces: cutPieces(segments, limits) };
}

function planned(decided: Decided, exact: boolean): PlannedTensor {
  const { constant, treatment } = decided;
  const { name, tensor } = constant;
  return {
    name,
    dtype: typeName(tensor.type),
    shape: tensor.shape,
    action: treatment.action,
    ...(treatment.reason === undefined ? {} : { reason: treatment.reason }),
    bytesBefore: tensor.bytes,
    bytesAfter: artifactBytes(decided, exact),
  };
}
