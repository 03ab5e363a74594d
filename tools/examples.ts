/**
 * Trains every example and tabulates what each recipe does to its model: size, accuracy on the held-out set, latency.
 *
 *     npm run examples                       # all; the PyTorch ones install torch first, some gigabytes
 *     npm run examples -- tensorflow-cnn     # some
 *
 * Trained models are kept in `.modelpress/examples` and used again; delete the folder to train anew. Ends with 1 when a
 * recipe costs more accuracy than it may.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { listExamples } from '../examples/list-examples';
import { Metrics } from '../local/loop/evaluation';
import { ensurePython } from '../local/python/ensure-python';
import { ensureTorch } from '../local/python/ensure-torch';
import { buildAll } from './build';
import { runTool } from './run-tool';

const ROOT = resolve(__dirname, '..');
const KEPT = join(ROOT, '.modelpress/examples');

/** A model to train, and what to do to it. */
interface Run {
  readonly example: string;
  readonly title: string;
  readonly trainingArguments?: readonly string[];
  readonly recipes: readonly Recipe[];
}
interface Recipe {
  readonly arguments: readonly string[];
  /** Points of accuracy that the recipe may cost, where there is such a limit. */
  readonly limit?: number;
  /** The title of the run whose raw accuracy counts as before. @default the run's own */
  readonly against?: string;
}

const int8: Recipe = { arguments: ['int8'], limit: 0.5 };
const tflite: readonly Recipe[] = [
  int8,
  { arguments: ['int4'], limit: 2 },
  { arguments: ['fp16'], limit: 0.5 },
  { arguments: ['int8', '--prune', '0.5'] },
];
const retrained: Recipe = { arguments: ['int8'], limit: 1, against: 'float' };
const RUNS: readonly Run[] = [
  ...['tensorflow-digits', 'tensorflow-cnn', 'recommender'].flatMap((example) => [
    { example, title: 'float', recipes: tflite },
    {
      example,
      title: '50 % pruned in training',
      trainingArguments: ['--final-sparsity', '0.5'],
      recipes: [retrained],
    },
  ]),
  ...['pytorch-cnn', 'pytorch-text'].map((example) => ({
    example,
    title: 'float',
    recipes: [
      int8,
      { arguments: ['int8-dynamic'], limit: 0.5 },
      { arguments: ['fp16'], limit: 0.5 },
      { arguments: ['int8', '--prune', '0.5'] },
    ],
  })),
  {
    example: 'pytorch-text',
    title: 'float, safetensors',
    trainingArguments: ['--export', 'safetensors'],
    recipes: [
      { arguments: ['w8a8'], limit: 0.5 },
      { arguments: ['w4a16', '--group-size', '32'], limit: 2 },
    ],
  },
];

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !listExamples().includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no example ${unknown[0]}; choose from ${listExamples().join(', ')}`);
  await buildAll();
  const runs = RUNS.filter(({ example }) => names.length === 0 || names.includes(example));
  const rows: string[][] = [];
  const before = new Map<string, number>();
  let failed = false;
  for (const run of runs) {
    const python = await pythonFor(run.example);
    const model = train(python, run);
    for (const recipe of run.recipes) {
      const { raw, compressed } = measure(python, run.example, model, recipe);
      before.set(`${run.example} ${run.title}`, raw.accuracy);
      const reference = before.get(`${run.example} ${recipe.against ?? run.title}`) ?? raw.accuracy;
      const change = 100 * (compressed.accuracy - reference);
      const kept = recipe.limit === undefined || change >= -recipe.limit - 1e-9;
      failed ||= !kept;
      rows.push([
        run.example,
        `${run.title}: ${recipe.arguments.join(' ').replace(/--/g, '')}`,
        `${(compressed.bytes / 1000).toFixed(0)} kB`,
        `${(raw.bytes / compressed.bytes).toFixed(2)}x`,
        `${(100 * reference).toFixed(2)} %`,
        `${(100 * compressed.accuracy).toFixed(2)} %`,
        `${change > 0 ? '+' : ''}${change.toFixed(2)}`,
        recipe.limit === undefined ? 'as it is' : `${kept ? '' : 'MISSED '}-${recipe.limit}`,
        `${raw.latency_ms.toFixed(3)} ms`,
        `${compressed.latency_ms.toFixed(3)} ms`,
      ]);
    }
  }
  const titles = ['example', 'model and recipe', 'size', 'smaller', 'before', 'after', 'points', 'may cost'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log(
    [line([...titles, 'latency before', 'after']), line(Array(10).fill('---')), ...rows.map(line)].join('\n'),
  );
  return failed ? 1 : 0;
}

async function pythonFor(example: string): Promise<string> {
  const report = (text: string): void => console.error(text);
  return example.startsWith('pytorch-') ? ensureTorch(report) : (await ensurePython({ report })).python;
}

/** Trains unless that has been done, and gives the folder of the model. */
function train(python: string, { example, title, trainingArguments = [] }: Run): string {
  const folder = join(KEPT, `${example}-${title.replace(/\W+/g, '-')}`);
  if (existsSync(folder)) return folder;
  console.error(`training ${example}, ${title}`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  run(python, [join(ROOT, 'examples', example, 'training/train.py'), '--model-dir', partial, ...trainingArguments]);
  renameSync(partial, folder);
  return folder;
}

function measure(python: string, example: string, model: string, recipe: Recipe): Metrics {
  const scratch = mkdtempSync(join(tmpdir(), 'modelpress-examples-'));
  try {
    const artifact = join(scratch, 'artifact');
    run(process.execPath, [
      join(ROOT, 'dist/cli/modelpress.js'),
      'compress',
      model,
      artifact,
      '--recipe',
      ...recipe.arguments,
    ]);
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
