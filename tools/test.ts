/**
 * The test command: builds, prepares the Python environment, checks the code's style and types, runs jest, and closes
 * with the count from jest's own results, alone on the line.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensurePython } from '../local/python/ensure-python';
import { buildAll } from './build';
import { compilePackage } from './package/compile-package';
import { runTool } from './run-tool';

const root = resolve(__dirname, '..');

function run(title: string, command: string, args: string[], environment: Record<string, string> = {}): boolean {
  console.log(`\n== ${title}`);
  const result = spawnSync(process.execPath, [join(root, 'node_modules', command), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return result.status === 0;
}

async function main(): Promise<number> {
  await buildAll();
  await ensurePython({ withTestPeers: true });
  const only = process.argv.slice(2);
  if (only.length === 0 || only.some((path) => path.includes('package'))) compilePackage();
  const checked =
    only.length > 0 ||
    [
      run('Types', 'typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']),
      run('ESLint', 'eslint/bin/eslint.js', ['.']),
      run('Prettier', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
    ].every((passed) => passed);
  const folder = mkdtempSync(join(tmpdir(), 'modelpress-test-'));
  try {
    const results = join(folder, 'results.json');
    // Synthesis leaves its assemblies in the temporary folder; in this one, they go when the tests end.
    const passed = run('Tests', 'jest/bin/jest.js', ['--json', `--outputFile=${results}`, ...only], { TMPDIR: folder });
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(results, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numRuntimeErrorTestSuites: number;
    };
    if (!checked) console.log('\nThe style or type checks above failed.');
    console.log(`\n${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`);
    return checked && passed && numPassedTests > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

runTool(main);
