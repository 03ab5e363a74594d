import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const STAMP = join('dist', 'built.json');
/** What the bundles depend on besides their sources: how they are built, and what npm installed. */
const ALWAYS = [
  'tools/build.ts',
  'tools/package/third-party.ts',
  'package.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
];

interface Stamp {
  /** Handlers that there were. */
  readonly names: readonly string[];
  /** SHA-256 of each file that was read or written, by its path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Whether everything that was read and written when these handlers were built the last time is as it was. */
export function isBuilt(root: string, names: readonly string[]): boolean {
  const stamp = readStamp(join(root, STAMP));
  return (
    stamp !== undefined &&
    stamp.names.join() === names.join() &&
    Object.entries(stamp.files).every(([path, digest]) => digestOf(join(root, path)) === digest)
  );
}

/** @param inputs relative to the root; what lies in node_modules is known by what npm installed */
export function rememberBuilt(
  root: string,
  names: readonly string[],
  inputs: readonly string[],
  outputs: readonly string[],
): void {
  const own = inputs.filter((path) => !path.startsWith('node_modules/'));
  const paths = [...ALWAYS, ...own, ...outputs.map((path) => relative(root, path))];
  const files = Object.fromEntries(paths.map((path) => [path, digestOf(join(root, path))]));
  writeFileSync(join(root, STAMP), JSON.stringify({ names, files } satisfies Stamp));
}

/** Undefined where there is none, or one that another build is just writing. */
function readStamp(file: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Stamp;
  } catch {
    return undefined;
  }
}

/** Of a file that is not there, nothing. */
function digestOf(path: string): string {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
}
