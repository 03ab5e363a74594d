import { InvalidModelError } from '../../errors';
import { Layout, OutputLayout, PlannedTensor } from '../../plan';
import { Recipe } from '../../recipe';
import { LayoutLimits, SourceFiles } from '../model-format';
import { refuseCompressed } from './already-compressed';
import { Checkpoint, readCheckpoint } from './checkpoint';
import { withDtype, withMember } from './config-file';
import { formatIndexFile } from './index-file';
import { literal } from './output-header';
import { packPieces } from './piece-packer';
import { sortFiles } from './passed-files';
import { quantizationConfig } from './quantization-config';
import { scaleSets, selectTensors, SelectedTensor } from './selection';
import { layOutShard, ShardLayout } from './shard-layout';
import { actionOf } from './treatment';
import { warningsFor } from './warnings';

/**
 * Lays out the compressed checkpoint, shard by shard under the names that they have, from the headers alone.
 *
 * @throws InvalidModelError, InvalidRecipeError.
 */
export async function planCheckpoint(source: SourceFiles, recipe: Recipe, limits: LayoutLimits): Promise<Layout> {
  const checkpoint = await readCheckpoint(source);
  refuseCompressed(checkpoint);
  const selected = selectTensors(checkpoint, recipe);
  const sets = scaleSets(selected);
  const byShard = new Map<string, { index: number; entry: SelectedTensor }[]>(
    checkpoint.shards.map(({ key }) => [key, []]),
  );
  selected.forEach((entry, index) => byShard.get(entry.shard.key)!.push({ index, entry }));
  const shards = checkpoint.shards.map((shard) => layOutShard(shard, byShard.get(shard.key)!, sets, limits));
  checkOutputNames(shards);
  const taken = new Set([
    ...checkpoint.shards.map(({ file }) => file),
    ...[checkpoint.index?.file, checkpoint.config?.index].flatMap((file) => (file === undefined ? [] : [file])),
    ...source.files.flatMap(({ key }, file) => (checkpoint.strays.includes(key) ? [file] : [])),
  ]);
  const { copied, refused } = sortFiles(source.files, taken);
  const outputs = [
    ...shards.map(({ output }) => output),
    ...settings(checkpoint, selected, recipe).map(({ key, bytes }) => textOutput(key, bytes)),
    ...indexOutput(checkpoint, shards),
    ...copied.map((file) => copiedOutput(source, file, limits)),
  ];
  const bytesAfter = new Map(shards.flatMap((shard) => [...shard.bytesAfter]));
  return {
    outputs: outputs.sort((a, b) => (a.key < b.key ? -1 : 1)),
    tensors: selected.map((entry, index) => plannedTensor(entry, bytesAfter.get(index) ?? 0)),
    warnings: warningsFor(checkpoint, recipe, selected, refused),
  };
}

/** A source may hold a tensor of the very name that another's compressed parts get. */
function checkOutputNames(shards: readonly ShardLayout[]): void {
  const places = new Map<string, string>();
  for (const { output, tensors } of shards) {
    for (const { name } of tensors) {
      const other = places.get(name);
      if (other !== undefined) {
        throw new InvalidModelError(
          output.key,
          `tensor ${JSON.stringify(name)} would be in the artifact twice (also from ${other}): the model holds both a weight and what it becomes; remove one`,
        );
      }
      places.set(name, output.key);
    }
  }
}

function plannedTensor({ tensor, treatment }: SelectedTensor, bytesAfter: number): PlannedTensor {
  const { name, dtype, shape, length } = tensor;
  const reason = treatment.reason === undefined ? {} : { reason: treatment.reason };
  return { name, dtype, shape, action: actionOf(treatment), ...reason, bytesBefore: length, bytesAfter };
}

function settings(
  checkpoint: Checkpoint,
  selected: readonly SelectedTensor[],
  recipe: Recipe,
): { key: string; bytes: Uint8Array }[] {
  const { config } = checkpoint;
  const quantization = quantizationConfig(selected);
  if (config === undefined) {
    if (quantization === undefined) return [];
    return [{ key: 'quantization_config.json', bytes: Buffer.from(`${JSON.stringify(quantization, null, 2)}\n`) }];
  }
  if (quantization !== undefined)
    return [{ key: 'config.json', bytes: withMember(config, 'quantization_config', quantization) }];
  if (recipe.method === 'fp16' || recipe.method === 'bf16') {
    return [{ key: 'config.json', bytes: withDtype(config, recipe.method === 'fp16' ? 'float16' : 'bfloat16') }];
  }
  return [{ key: 'config.json', bytes: Buffer.from(config.text) }];
}

function indexOutput({ index }: Checkpoint, shards: readonly ShardLayout[]): OutputLayout[] {
  if (index === undefined) return [];
  const weightMap = new Map(
    shards.flatMap(({ output, tensors }) => tensors.map(({ name }) => [name, output.key] as const)),
  );
  const total = shards.reduce((sum, { tensors }) => sum + tensors.reduce((part, { bytes }) => part + bytes, 0), 0);
  return [textOutput(index.key, formatIndexFile(index.content.metadata, weightMap, total))];
}

function textOutput(key: string, bytes: Uint8Array): OutputLayout {
  return {
    key,
    size: bytes.length,
    pieces: [{ offset: 0, length: bytes.length, cost: bytes.length, steps: [literal(bytes)] }],
  };
}

function copiedOutput(source: SourceFiles, file: number, limits: LayoutLimits): OutputLayout {
  const { key, size } = source.files[file];
  const step = { kind: 'copy', length: size, from: { file, offset: 0, length: size } };
  return { key, size, pieces: packPieces([[{ step, cost: size }]], limits) };
}
