import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS, sourceFiles } from './fixtures';
import { make } from './run-layout';

/** Compresses the checkpoint in one folder into another. */
export async function compressFolder(source: string, recipe: object, target: string): Promise<void> {
  const model = Object.fromEntries(readdirSync(source).map((key) => [key, readFileSync(join(source, key))]));
  const { files } = await make(sourceFiles(model), recipe, LIMITS);
  mkdirSync(target, { recursive: true });
  for (const [key, bytes] of files) writeFileSync(join(target, key), bytes);
}
