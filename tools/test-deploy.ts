/**
 * Deploys every example into a local AWS, with the build that its deployment starts, again, updated, and destroys it.
 * Apart from `npm test`, which does so with the default stack, because the PyTorch examples need torch to train: it is
 * installed first, some gigabytes, unless MODELPRESS_TORCH_PYTHON names a Python that has it.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ensurePython } from '../local/python/ensure-python';
import { ensureTorch } from '../local/python/ensure-torch';
import { buildAll } from './build';
import { runTool } from './run-tool';

const root = resolve(__dirname, '..');

async function main(): Promise<number> {
  await buildAll();
  await ensurePython();
  await ensureTorch((line) => console.log(line));
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/jest/bin/jest.js'), 'test/local/deploy/examples'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, MODELPRESS_DEPLOY_ALL: 'true' } },
  );
  return status ?? 1;
}

runTool(main);
