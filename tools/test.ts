/**
 * The test command: builds, prepares the Python environment, runs jest and checks the code's types and style meanwhile,
 * and closes with the count from jest's own results, alone on the line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensurePython } from '../local/python/ensure-python';
import { buildAll } from './build';
import { compilePackage } from './package/compile-package';
import { runTool } from './run-tool';

const root = resolve(__dirname, '..');

/** Of a program that runs beside another, what it wrote is told when it ends. */
async function run(
  title: string,
  command: string,
  args: string[],
  { beside = false, environment = {} }: { beside?: boolean; environment?: Record<string, string> } = {},
): Promise<boolean> {
  if (!beside) console.log(`\n== ${title}`);
  const child = spawn(process.execPath, [join(root, 'node_modules', command), ...args], {
    cwd: root,
    stdio: beside ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    env: { ...process.env, ...environment },
  });
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => void written.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (beside) process.stdout.write(`\n== ${title}\n${Buffer.concat(written).toString()}`);
  return code === 0;
}

/** One after the other: each holds the types of the whole CDK in memory. */
async function check(): Promise<boolean> {
  const types = await run('Types', 'typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json'], { beside: true });
  const rules = await run('ESLint', 'eslint/bin/eslint.js', ['.'], { beside: true });
  const style = ['--check', '--log-level', 'warn', '.'];
  return (await run('Prettier', 'prettier/bin/prettier.cjs', style, { beside: true })) && types && rules;
}

async function main(): Promise<number> {
  await buildAll();
  await ensurePython({ withTestPeers: true });
  const only = process.argv.slice(2);
  if (only.length === 0 || only.some((path) => path.includes('package'))) compilePackage();
  const folder = mkdtempSync(join(tmpdir(), 'modelpress-test-'));
  try {
    const results = join(folder, 'results.json');
    // Synthesis leaves its assemblies in the temporary folder; in this one, they go when the tests end.
    const environment = { TMPDIR: folder };
    // Many a test waits for what it has started, which is when the checks get on.
    const [checked, passed] = await Promise.all([
      only.length > 0 || check(),
      run('Tests', 'jest/bin/jest.js', ['--json', `--outputFile=${results}`, ...only], { environment }),
    ]);
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
