/**
 * Compiles `lib/` with jsii into `dist/lib`, and writes the assembly that other languages' packages are made from. Takes
 * ten seconds, so it does nothing while the sources are those of the last time.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..', '..');
const compiled = join(root, 'dist', 'lib');
const stampFile = join(compiled, 'sources.sha256');
const assemblies = [join(root, '.jsii'), join(root, '.jsii.gz')];

const ADVICE = `
lib/ must compile with jsii, which makes packages for Python, Java and C# of it. What it asks for:
- lib/index.ts exports classes, interfaces and enums only: no functions, constants or type aliases
- no unions, tuples, generics or mapped types in the public API; a class with static members does for a union
- every property of a props interface is readonly; an interface with methods is named I…
- a class that implements an optional property keeps it optional, and a subclass keeps its base's types
- no parameter has the name of a property of the options that come after it
- what only this package uses is marked @internal and begins with an underscore, or lies in lib/private
`;

/** @throws Error with what jsii found and how to mend it */
export function compilePackage(): void {
  if (isCompiled()) return;
  rmSync(compiled, { recursive: true, force: true });
  const args = ['--tsconfig', 'tsconfig.jsii.json', '--validate-tsconfig', 'minimal', '--compress-assembly'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/jsii/bin/jsii'), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...QUIET_JSII },
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}${ADVICE}`);
  writeFileSync(stampFile, digestOfSources());
}

/** Whether the package is compiled from the sources as they are. */
export function isCompiled(): boolean {
  const files = [stampFile, ...assemblies];
  return files.every((file) => existsSync(file)) && readFileSync(stampFile, 'utf8') === digestOfSources();
}

/** Without them, jsii's programs fill the output with boxes about the age of Node; the tests know which versions do. */
export const QUIET_JSII = {
  JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
  JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION: '1',
  JSII_SILENCE_WARNING_KNOWN_BROKEN_NODE_VERSION: '1',
  JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '1',
};

function digestOfSources(): string {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  for (const name of [
    'package.json',
    'package-lock.json',
    'tsconfig.jsii.json',
    ...sources.map((s) => `lib/${s}`).sort(),
  ])
    hash.update(name).update(readFileSync(join(root, name)));
  return hash.digest('hex');
}
