import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LayoutLimits, SourceFiles } from '../../../../../lambda/engine/formats/model-format';
import { tfliteFormat } from '../../../../../lambda/engine/formats/tflite/tflite-format';
import { compressWith, Made } from '../memory-model';

export { filesOf, Made, ONE_PIECE } from '../memory-model';

/** A model that the converter made; see tools/golden/tflite.py. */
export function golden(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(resolve(__dirname, `../../../../golden/tflite/${name}.tflite.gz`))));
}

/** Compresses a model in memory, in the given order of its pieces. */
export function compress(
  source: SourceFiles,
  recipe: Record<string, unknown>,
  limits?: LayoutLimits,
  reverse?: boolean,
): Promise<Made> {
  return compressWith(tfliteFormat, source, recipe, limits, reverse);
}
