/**
 * The long test of the examples: puts each through the whole loop, from training to answers of its endpoint, with eight-bit
 * and four-bit weights and with pruning while it trains, and holds each to what it may cost.
 *
 *     npm run test:examples                       # all; the PyTorch ones install torch first, some gigabytes
 *     npm run test:examples -- recommender        # some
 *
 * Apart from `npm test` because of the time and of torch. Ends with 1 when anything fails.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { listExamples } from '../../examples/list-examples';
import { formatTable } from '../../local/loop/table';
import { ensureTorch } from '../../local/python/ensure-torch';
import { readLoopOutput } from './loop-output';
import { runTool } from '../run-tool';
import { LIMITS } from './runs';

const ROOT = resolve(__dirname, '../..');
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');

/** One way through the loop; the first one's raw accuracy is what the later ones are held to. */
const WAYS = [
  { title: 'int8', args: ['--recipe', 'int8'], limit: LIMITS.eightBits },
  { title: 'int4', args: ['--recipe', 'int4'], limit: LIMITS.fourBits },
  {
    title: 'int8, 50 % pruned in training',
    args: ['--recipe', 'int8', '--set', 'hyperparameters={"final-sparsity":0.5}'],
    limit: LIMITS.retrained,
  },
];

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !listExamples().includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no example ${unknown[0]}; choose from ${listExamples().join(', ')}`);
  const chosen = names.length === 0 ? listExamples() : names;
  const started = Date.now();
  const rows = [['example', 'recipe', 'smaller', 'before', 'after', 'points', 'may cost', 'right', 'time']];
  const failures: string[] = [];
  for (const name of chosen) {
    const failure = putThroughLoop(name, rows);
    if (failure !== undefined) failures.push(failure);
  }
  console.log(`\n${formatTable(rows)}\n`);
  if (chosen.some((name) => name.startsWith('pytorch-')) && !(await pruningIsTheToolkits()))
    failures.push('PyTorch prunes other weights than the toolkit, or at other steps; see above');
  failures.forEach((failure) => console.log(failure));
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  console.log(`${rows.length - 1} loops in ${minutes} minutes, ${failures.length} failures`);
  return failures.length === 0 ? 0 : 1;
}

/** Later ways redeploy the stack of the first one and update its endpoint. Gives what failed. */
function putThroughLoop(name: string, rows: string[][]): string | undefined {
  const state = mkdtempSync(join(tmpdir(), `modelpress-${name}-`));
  let reference: number | undefined;
  for (const { title, args, limit } of WAYS) {
    console.log(`${name}: ${title} …`);
    const started = Date.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--require', 'tsx/cjs', 'local/main.ts', '--example', name, '--state-dir', state, ...args],
      { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 },
    );
    const seconds = Math.round((Date.now() - started) / 1000);
    const failed = (why: string): string => `${name}, ${title}: ${why}\n${stdout}${stderr}\nIts state is in ${state}.`;
    if (status !== 0) return failed(`the loop ended with ${status ?? 'a signal'}`);
    let outcome;
    try {
      outcome = readLoopOutput(stdout);
    } catch (error) {
      return failed((error as Error).message);
    }
    const { size, accuracy, predictions, right } = outcome;
    reference ??= accuracy.raw;
    // Percentages are printed with two digits: what is left of a difference beyond them is arithmetic.
    const change = Number((accuracy.compressed - reference).toFixed(2));
    rows.push([
      name,
      title,
      `${(size.raw / size.compressed).toFixed(2)}x`,
      `${reference.toFixed(2)} %`,
      `${accuracy.compressed.toFixed(2)} %`,
      `${change > 0 ? '+' : ''}${change.toFixed(2)}`,
      `-${limit}`,
      `${right} of ${predictions}`,
      `${seconds} s`,
    ]);
    if (change < -limit) return failed(`it costs ${-change} points and may cost ${limit}`);
    if (size.compressed >= size.raw) return failed('it made the model no smaller');
    if (predictions === 0 || right * 2 < predictions) return failed(`${right} of ${predictions} answers are right`);
  }
  rmSync(state, { recursive: true, force: true });
  return undefined;
}

async function pruningIsTheToolkits(): Promise<boolean> {
  const MODELPRESS_TORCH_PYTHON = await ensureTorch((line) => console.log(line));
  const { status } = spawnSync(process.execPath, [JEST, 'test/examples/gradual-pruning'], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, MODELPRESS_TORCH_PYTHON },
  });
  return status === 0;
}

runTool(() => main(process.argv.slice(2)));
