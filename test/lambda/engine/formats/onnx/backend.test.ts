import { ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, Interface } from 'node:readline';
import { compress, filesOf } from './memory-model';
import { python } from './run-onnx';

/** Recipes, with what their outputs may differ from the references by, as a share of the references' norm. */
const RECIPES: readonly [string, Record<string, unknown>, number][] = [
  ['int8', { method: 'int8' }, 0.05],
  ['int8-dynamic', { method: 'int8-dynamic' }, 0.05],
  ['int8-dynamic exact', { method: 'int8-dynamic', mode: 'exact' }, 0.05],
  ['w4a16', { method: 'w4a16', groupSize: 16 }, 0.3],
  ['w4a16-asym', { method: 'w4a16-asym', groupSize: 16 }, 0.3],
  ['int4', { method: 'int4', groupSize: 16 }, 0.3],
  ['fp16', { method: 'fp16' }, 0.01],
];

interface Outcome {
  readonly difference?: number;
  readonly before?: number;
  readonly check?: string | null;
  readonly failure?: string;
  readonly unrunnable?: string;
}

/** What became of the models with a recipe. */
interface Counts {
  readonly recipe: string;
  /** Compressed, and run against the reference outputs. */
  readonly compressed: number;
  /** Compressed, but onnxruntime does not run the model as it is. */
  readonly unrunnable: number;
  /** Came out byte for byte as they went in. */
  readonly untouched: number;
}

const told = ({ recipe, compressed, unrunnable, untouched }: Counts): string =>
  `${recipe}: ${compressed} compressed and true to their references, ${unrunnable} that onnxruntime does not run as they are, ${untouched} untouched`;

/** A Python process that answers lines of JSON. */
class Backend {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: Interface;

  constructor() {
    this.child = spawn(python, [join(__dirname, 'backend_cases.py')]);
    this.child.stderr.resume();
    this.lines = createInterface(this.child.stdout);
  }

  async ask<T>(command: Record<string, unknown>): Promise<T> {
    const answer = once(this.lines, 'line') as Promise<[string]>;
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    const ended = once(this.child, 'exit').then(() => Promise.reject(new Error('the Python process ended')));
    return JSON.parse((await Promise.race([answer, ended]))[0]) as T;
  }

  close(): void {
    this.child.removeAllListeners('exit');
    this.child.stdin.end();
  }
}

test("onnx's own backend tests: every model compresses and keeps its reference outputs, or passes as it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-backend-'));
  const backend = new Backend();
  try {
    const names = await backend.ask<string[]>({ write: folder, modules: null });
    const jobs: { name: string; recipe: string; limit: number; job: [number, string] }[] = [];
    const untouched = new Map<string, number>();
    for (const [number, name] of names.entries()) {
      const source = { 'model.onnx': new Uint8Array(readFileSync(join(folder, `${number}`, 'model.onnx'))) };
      for (const [at, [label, recipe, limit]] of RECIPES.entries()) {
        const { outputs } = await compress(filesOf(source), recipe, { minValues: 1 });
        if (Buffer.compare(outputs['model.onnx'], source['model.onnx']) === 0) {
          untouched.set(label, (untouched.get(label) ?? 0) + 1);
          continue;
        }
        const own = join(folder, `${number}`, `${at}`);
        mkdirSync(own);
        writeFileSync(join(own, 'model.onnx'), outputs['model.onnx']);
        jobs.push({ name, recipe: label, limit, job: [number, own] });
      }
    }
    const outcomes = await backend.ask<Outcome[]>({ run: jobs.map(({ job }) => job) });
    const wrong = outcomes.flatMap((outcome, at) => {
      const { name, recipe, limit } = jobs[at];
      if (outcome.unrunnable !== undefined) return [];
      const off = outcome.failure !== undefined || outcome.difference! > limit + outcome.before!;
      return off || outcome.check !== null ? [{ name, recipe, ...outcome }] : [];
    });
    expect(wrong).toEqual([]);
    const counts = RECIPES.map(([label]): Counts => {
      const own = outcomes.filter((_, at) => jobs[at].recipe === label);
      const ran = own.filter(({ unrunnable }) => unrunnable === undefined).length;
      return { recipe: label, compressed: ran, unrunnable: own.length - ran, untouched: untouched.get(label) ?? 0 };
    });
    process.stdout.write(`${counts.map(told).join('\n')}\n`);
    for (const { recipe, compressed, unrunnable, untouched: same } of counts) {
      expect([recipe, compressed > 10, same > names.length / 2]).toEqual([recipe, true, true]);
      expect(compressed + unrunnable + same).toBe(names.length);
    }
    // Whole networks are among those that compress, not only single operators.
    const networks = new Set(jobs.filter(({ name }) => name.startsWith('light/')).map(({ recipe }) => recipe));
    expect([...networks].sort()).toEqual(RECIPES.map(([label]) => label).sort());
  } finally {
    backend.close();
    rmSync(folder, { recursive: true });
  }
});
