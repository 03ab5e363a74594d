import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { listExamples } from '../../examples/list-examples';
import { cleanPythonEnvironment } from '../python/pip-install';
import { UsageError } from './options';

/** One input for the endpoint, and the answer it should give. */
export interface Sample {
  readonly label: string;
  readonly body: string;
  readonly contentType: 'application/json' | 'text/csv';
}

/** A folder of `examples/`. */
export interface Example {
  readonly name: string;
  /** Folder with `training/`, `serving/`, `evaluation/` and `samples.py`. */
  readonly folder: string;
}

/** @throws UsageError when there is no such example. */
export function findExample(name: string): Example {
  const known = listExamples();
  if (!known.includes(name)) throw new UsageError(`--example must be one of ${known.join(', ')}, received: ${name}`);
  return { name, folder: resolve(__dirname, '../../examples', name) };
}

/** Asks the example's `samples.py` for held-out inputs: a list of `{ label, request }`, where a request of text is CSV. */
export async function readSamples(example: Example, python: string, count: number): Promise<Sample[]> {
  const program = join(example.folder, 'samples.py');
  const { stdout } = await promisify(execFile)(python, [program, '--count', String(count)], {
    env: { ...cleanPythonEnvironment(), PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 16 << 20,
  });
  const printed = JSON.parse(stdout) as { label: string | number; request: unknown }[];
  return printed.map(({ label, request }) => ({
    label: String(label),
    ...(typeof request === 'string'
      ? { body: request, contentType: 'text/csv' }
      : { body: JSON.stringify(request), contentType: 'application/json' }),
  }));
}
