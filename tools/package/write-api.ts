/** Writes `API.md`, the reference of all that the package exports, from the assembly: `npm run api`. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { compilePackage, QUIET_JSII } from './compile-package';

const root = resolve(__dirname, '..', '..');

/** @param target path of the file, ending in `.md` */
export function writeApi(target: string): void {
  compilePackage();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/jsii-docgen/bin/jsii-docgen'), '--output', target],
    { cwd: root, encoding: 'utf8', env: { ...process.env, ...QUIET_JSII } },
  );
  if (status !== 0) throw new Error(`jsii-docgen failed:\n${stdout}${stderr}`);
}

if (require.main === module) writeApi(join(root, 'API.md'));
