/**
 * Trains every example and tabulates what each recipe does to its model: size, accuracy on the held-out set, latency.
 *
 *     npm run examples                       # all; the PyTorch ones install torch first, some gigabytes
 *     npm run examples -- tensorflow-cnn     # some
 *
 * Trained models are kept in `.modelpress/examples` and used again; delete the folder to train anew. Ends with 1 when a
 * recipe costs one of the seeds' models more accuracy than it may.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { median } from '../../bench/statistics';
import { listExamples } from '../../examples/list-examples';
import { furtherMetrics, Metrics } from '../../local/loop/evaluation';
import { ensurePython } from '../../local/python/ensure-python';
import { ensureTorch } from '../../local/python/ensure-torch';
import { buildAll } from '../build';
import { runTool } from '../run-tool';
import { Recipe, Run, RUNS } from './runs';

const ROOT = resolve(__dirname, '../..');
const KEPT = join(ROOT, '.modelpress/examples');
const TITLES = ['example', 'model and recipe', 'size', 'smaller', 'before', 'after', 'points', 'worst', 'may cost'];
const FURTHER_TITLES = ['example', 'model and recipe', 'metric', 'before', 'after', 'change', 'lowest'];

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !listExamples().includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no example ${unknown[0]}; choose from ${listExamples().join(', ')}`);
  await buildAll();
  const rows: string[][] = [];
  const further: string[][] = [];
  const before = new Map<string, readonly number[]>();
  let failed = false;
  for (const run of RUNS.filter(({ example }) => names.length === 0 || names.includes(example))) {
    const python = await pythonFor(run.example);
    const models = run.seeds.map((seed) => train(python, run, seed));
    for (const recipe of run.recipes) {
      const measured = models.map((model) => measure(python, run.example, model, recipe));
      before.set(
        `${run.example} ${run.title}`,
        measured.map(({ raw }) => raw.accuracy),
      );
      const row = rowOf(run, recipe, measured, before.get(`${run.example} ${recipe.against ?? run.title}`)!);
      failed ||= row.missed;
      rows.push(row.cells);
      if (recipe.against === undefined) further.push(...furtherRowsOf(row.cells, measured));
      console.error(row.cells.join('  '));
    }
  }
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const titles = [...TITLES, 'latency before', 'after'];
  console.log([line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n'));
  if (further.length > 0)
    console.log(['', line(FURTHER_TITLES), line(FURTHER_TITLES.map(() => '---')), ...further.map(line)].join('\n'));
  return failed ? 1 : 0;
}

/** Medians over the seeds; a change is that of one seed's model, so theirs need not be the difference of the medians. */
function rowOf(
  run: Run,
  recipe: Recipe,
  measured: readonly Metrics[],
  before: readonly number[],
): { readonly cells: string[]; readonly missed: boolean } {
  const after = measured.map(({ compressed }) => compressed.accuracy);
  // Shares have six digits: what is left of a difference beyond them is arithmetic.
  const changes = after.map((value, index) => Number((100 * (value - before[index])).toFixed(4)));
  const worst = Math.min(...changes);
  const missed = recipe.limit !== undefined && worst < -recipe.limit;
  const of = (value: (metrics: Metrics) => number): number => median(measured.map(value));
  const share = (values: readonly number[]): string => `${(100 * median(values)).toFixed(2)} %`;
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(2)}`;
  return {
    missed,
    cells: [
      run.example,
      `${run.title}: ${recipe.arguments.join(' ').replace(/--/g, '')}`,
      `${(of(({ compressed }) => compressed.bytes) / 1000).toFixed(0)} kB`,
      `${of(({ raw, compressed }) => raw.bytes / compressed.bytes).toFixed(2)}x`,
      share(before),
      share(after),
      signed(median(changes)),
      signed(worst),
      recipe.limit === undefined ? 'as it is' : `${missed ? 'MISSED ' : ''}-${recipe.limit}`,
      `${of(({ raw }) => raw.latency_ms).toFixed(3)} ms`,
      `${of(({ compressed }) => compressed.latency_ms).toFixed(3)} ms`,
    ],
  };
}

/** A row for each of the example's own metrics. */
function furtherRowsOf([example, recipe]: readonly string[], measured: readonly Metrics[]): string[][] {
  return furtherMetrics(measured[0]).map((name) => {
    const changes = measured.map(({ raw, compressed }) => compressed[name] - raw[name]);
    const of = (value: (metrics: Metrics) => number): string => median(measured.map(value)).toFixed(4);
    const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(4)}`;
    const values = [of(({ raw }) => raw[name]), of(({ compressed }) => compressed[name])];
    return [example, recipe, name, ...values, signed(median(changes)), signed(Math.min(...changes))];
  });
}

async function pythonFor(example: string): Promise<string> {
  const report = (text: string): void => console.error(text);
  return example.startsWith('pytorch-') ? ensureTorch(report) : (await ensurePython({ report })).python;
}

/** Trains unless that has been done, and gives the folder of the model. */
function train(python: string, { example, title, trainingArguments = [] }: Run, seed: number): string {
  const folder = join(KEPT, `${example}-${title.replace(/\W+/g, '-')}-${seed}`);
  if (existsSync(folder)) return folder;
  console.error(`training ${example}, ${title}, seed ${seed}`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const script = join(ROOT, 'examples', example, 'training/train.py');
  run(python, [script, '--model-dir', partial, '--seed', String(seed), ...trainingArguments]);
  renameSync(partial, folder);
  return folder;
}

function measure(python: string, example: string, model: string, recipe: Recipe): Metrics {
  const scratch = mkdtempSync(join(tmpdir(), 'modelpress-examples-'));
  try {
    const artifact = join(scratch, 'artifact');
    const program = join(ROOT, 'dist/cli/modelpress.js');
    run(process.execPath, [program, 'compress', model, artifact, '--recipe', ...recipe.arguments]);
    const script = join(ROOT, 'examples', example, 'evaluation/evaluate.py');
    run(python, [script, '--raw', model, '--compressed', artifact, '--output', scratch]);
    return JSON.parse(readFileSync(join(scratch, 'metrics.json'), 'utf8')) as Metrics;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What a command writes is shown only when it fails. */
function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe', maxBuffer: 64 << 20 });
}

runTool(() => main(process.argv.slice(2)));
