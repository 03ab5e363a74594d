import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LayoutLimits, SourceFiles } from '../../../../../lambda/engine/formats/model-format';
import { onnxFormat, planModel } from '../../../../../lambda/engine/formats/onnx/onnx-format';
import { compressWith, Made } from '../memory-model';

export { filesOf, Made, ONE_PIECE } from '../memory-model';

/** A model that others' tools made; see tools/golden/onnx.py. */
export function golden(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(resolve(__dirname, `../../../../golden/onnx/${name}.onnx.gz`))));
}

/** Compresses a model in memory; tensors of any size, where `minValues` says so. */
export function compress(
  source: SourceFiles,
  recipe: Record<string, unknown>,
  { minValues, limits, reverse }: { minValues?: number; limits?: LayoutLimits; reverse?: boolean } = {},
): Promise<Made> {
  const { executors } = onnxFormat;
  const plan: typeof onnxFormat.plan = (files, parsed, cuts) => planModel(files, parsed, cuts, minValues);
  return compressWith({ plan, executors }, source, recipe, limits, reverse);
}
