import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress, filesOf, golden } from './memory-model';
import { testPython } from '../../../../support/python';

/** Largest difference to the float model, as a share of its largest output: what int8 and float16 may cost here. */
const INT8_LIMIT = 0.06;
const FP16_LIMIT = 0.001;
/** Sixteen steps for random weights, some outputs behind a softmax; a wrong scale or order is off by more than all. */
const INT4_LIMIT = 0.5;

const python = testPython();

type Differences = Record<string, { difference: number; magnitude: number }>;

/** Runs groups of models, each on inputs of its own; answers how the others of a group differ from its first. */
function run(engine: string, groups: Uint8Array[][]): Differences[][] {
  const folder = mkdtempSync(join(tmpdir(), 'tflite-'));
  try {
    const paths = groups.map((group, at) =>
      group.map((model, index) => {
        const path = join(folder, `${at}-${index}.tflite`);
        writeFileSync(path, model);
        return path;
      }),
    );
    const output = execFileSync(python, [join(__dirname, 'run_tflite.py'), engine], {
      input: JSON.stringify(paths),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return JSON.parse(output.trim().split('\n').pop()!) as Differences[][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function make(name: string, recipe: Record<string, unknown>): Promise<Uint8Array> {
  return (await compress(filesOf({ 'model.tflite': golden(`${name}.float`) }), recipe)).outputs['model.tflite'];
}

function expectWithin(differences: Differences, limit: number): void {
  expect(Object.keys(differences).length).toBeGreaterThan(0);
  for (const { difference, magnitude } of Object.values(differences))
    expect(difference / magnitude).toBeLessThan(limit);
}

describe.each(['tensorflow', 'litert', 'reference'])('in the interpreter of %s', (engine) => {
  // The reference kernels have no BATCH_MATMUL of the version that the converter writes.
  const runnable = (names: string[]) => names.filter((name) => engine !== 'reference' || name !== 'odd');

  test('int8 models give what the converter’s give', async () => {
    const names = runnable(['dense', 'vision', 'words', 'coder', 'odd', 'narrow', 'speech']);
    const recipe = { method: 'int8', mode: 'exact' };
    const groups = names.map(async (name) => [golden(`${name}.int8`), await make(name, recipe)]);
    for (const [difference] of run(engine, await Promise.all(groups))) expectWithin(difference, 1e-6);
  });

  test('int4 models give what ai-edge-quantizer’s give, up to weights that it leaves float', async () => {
    const names = runnable(['dense', 'vision', 'coder', 'lookup', 'narrow', 'odd']);
    const recipe = { method: 'int4', mode: 'exact' };
    const groups = names.map(async (name) => [golden(`${name}.int4`), await make(name, recipe)]);
    for (const [difference] of run(engine, await Promise.all(groups))) expectWithin(difference, INT8_LIMIT);
  });

  test('compressed models stay close to the float ones', async () => {
    const recipes = [
      { method: 'int8' },
      { method: 'int4' },
      { method: 'fp16' },
      { method: 'int8', ignore: ['re:.*'] },
      { method: 'none', prune: 0.001 },
    ];
    const names = runnable(['dense', 'vision', 'words', 'coder', 'odd', 'lookup', 'speech', 'recurrent']);
    const groups = names.map(async (name) => [
      golden(`${name}.float`),
      ...(await Promise.all(recipes.map((recipe) => make(name, recipe)))),
    ]);
    for (const [int8, int4, fp16, kept, pruned] of run(engine, await Promise.all(groups))) {
      expectWithin(int8, INT8_LIMIT);
      expectWithin(int4, INT4_LIMIT);
      expectWithin(fp16, FP16_LIMIT);
      expectWithin(kept, 1e-9);
      expectWithin(pruned, FP16_LIMIT);
    }
  });
});
