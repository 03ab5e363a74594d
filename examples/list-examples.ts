import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of all examples: the folders beside this file that say how they are deployed. */
export function listExamples(): string[] {
  return readdirSync(__dirname)
    .filter((name) => existsSync(join(__dirname, name, 'pipeline.ts')))
    .sort();
}
