import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from './validate';

export interface SourceOptions {
  readonly sourceDirectory?: string;
  readonly entryPoint?: string;
  readonly networkIsolation?: boolean;
}

/** Checks that a job finds its script, and needs nothing of a network that it is cut off from. */
export function validateSource(options: SourceOptions, defaultEntryPoint: string): void {
  const { sourceDirectory, entryPoint, networkIsolation } = options;
  if (sourceDirectory === undefined) {
    ensure(entryPoint === undefined, 'entryPoint needs a sourceDirectory');
    return;
  }
  const script = entryPoint ?? defaultEntryPoint;
  ensure(
    existsSync(join(sourceDirectory, script)),
    `The entry point ${script} is not in the source directory ${sourceDirectory}`,
  );
  ensure(
    !networkIsolation || !existsSync(join(sourceDirectory, 'requirements.txt')),
    `networkIsolation forbids installing ${join(sourceDirectory, 'requirements.txt')}; vendor the packages into the folder and delete the file`,
  );
}
