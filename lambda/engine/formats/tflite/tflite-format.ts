import { InvalidModelError } from '../../errors';
import { Layout, OutputLayout, PlannedTensor } from '../../plan';
import { Recipe } from '../../recipe';
import { LayoutLimits, ModelFormat, SourceFiles } from '../model-format';
import { findConstants } from './constants';
import { cutPieces, Segment } from '../cut-pieces';
import { decide } from './decide';
import { artifactBytes, Decided, shapeOf } from './decided';
import { writeFloats } from './float-executor';
import { writeIntegers } from './integer-executor';
import { layOutModel } from './lay-out-model';
import { findData } from './model-data';
import { candidates, sortFiles } from './model-files';
import { METADATA, MODEL, typeName } from './model-fields';
import { readGraphs, tablesOf, text } from './model-graph';
import { packedFiles } from './packed-files';
import { PagedBytes } from './paged-bytes';
import { FlatbufferReader } from './read-flatbuffer';
import { rewriteModel } from './rewrite-model';
import { writeStructure } from './structure-executor';
import { TreatmentRules } from './treatment';
import { warningsFor } from './warnings';

const IDENTIFIER = 'TFL3';

/** TensorFlow Lite, also called LiteRT: one `.tflite` file with the structure and the weights. */
export const tfliteFormat: ModelFormat = {
  name: 'tflite',

  async detect(source) {
    for (const index of candidates(source.files)) {
      if (await hasIdentifier(source, index)) return true;
    }
    return false;
  },

  plan: planModel,

  executors: {
    'tflite.structure': writeStructure,
    'tflite.integer': writeIntegers,
    'tflite.float': writeFloats,
  },
};

async function planModel(source: SourceFiles, recipe: Recipe, limits: LayoutLimits): Promise<Layout> {
  const { model: index, copied, warnings } = sortFiles(source.files);
  const { key } = source.files[index];
  if (!(await hasIdentifier(source, index))) {
    throw new InvalidModelError(key, `is not a TFLite model: bytes 4 to 8 are not ${IDENTIFIER}`);
  }
  const file = new PagedBytes(await source.open(index));
  const model = await new FlatbufferReader(file).root('Model');
  const graphs = readGraphs(model, key);
  const data = await findData(model, file);
  const fixedOrder = tablesOf(model, MODEL.metadata).some(
    (entry) => text(entry, METADATA.name) === 'model_control_dependencies',
  );
  const rules = new TreatmentRules(recipe, !fixedOrder);
  const decisions = decide(findConstants(graphs, data.buffers, key), graphs, rules);
  const order = new Map(decisions.map((decided, at) => [decided, at]));
  const segments = layOutModel(rewriteModel(model, graphs, data, decisions), index, (decided) => order.get(decided)!);
  segments.push(...(await packedFiles(file.source, index, lengthOf(segments))));
  return {
    outputs: [
      { key, size: lengthOf(segments), pieces: cutPieces(segments, limits) },
      ...copied.map((at) => copyOf(source, at, limits)),
    ],
    tensors: decisions.map(planned),
    warnings: [...warnings, ...warningsFor(decisions, recipe)],
  };
}

function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.length, 0);
}

function planned(decided: Decided): PlannedTensor {
  const { constant, treatment } = decided;
  const tensor = constant.tensors[0];
  return {
    name: tensor.name,
    dtype: typeName(tensor.type),
    shape: shapeOf(decided),
    action: treatment.action,
    ...(treatment.reason === undefined ? {} : { reason: treatment.reason }),
    bytesBefore: constant.region.length,
    bytesAfter: artifactBytes(decided),
  };
}

function copyOf(source: SourceFiles, file: number, limits: LayoutLimits): OutputLayout {
  const { key, size } = source.files[file];
  const step = (offset: number, length: number) => ({ kind: 'copy' as const, length, from: { file, offset, length } });
  return { key, size, pieces: cutPieces([{ length: size, unit: 1, costPerByte: 1, fixedCost: 0, step }], limits) };
}

async function hasIdentifier(source: SourceFiles, index: number): Promise<boolean> {
  if (source.files[index].size < 8) return false;
  const bytes = new Uint8Array(4);
  await (await source.open(index)).read(4, bytes);
  return new TextDecoder().decode(bytes) === IDENTIFIER;
}
