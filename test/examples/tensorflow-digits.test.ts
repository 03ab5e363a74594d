import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Metrics } from '../../local/loop/evaluation';
import { LIMITS } from '../../tools/examples/runs';
import { testPython } from '../support/python';

const EXAMPLE = join(__dirname, '../../examples/tensorflow-digits');
const CLI = join(__dirname, '../../dist/cli/modelpress.js');
const folder = mkdtempSync(join(tmpdir(), 'modelpress-digits-'));
let python: string;

beforeAll(async () => {
  python = testPython();
  trainingLog = await train('model');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let trainingLog: string;

async function train(name: string, ...args: string[]): Promise<string> {
  const script = join(EXAMPLE, 'training/train.py');
  const { stdout } = await promisify(execFile)(python, [script, ...args], {
    env: { ...process.env, SM_MODEL_DIR: join(folder, name) },
  });
  return stdout;
}

async function evaluate(raw: string, compressed: string): Promise<Metrics> {
  const script = join(EXAMPLE, 'evaluation/evaluate.py');
  const output = join(folder, `metrics-${compressed}`);
  const folders = ['--raw', join(folder, raw), '--compressed', join(folder, compressed), '--output', output];
  await promisify(execFile)(python, [script, ...folders]);
  return JSON.parse(readFileSync(join(output, 'metrics.json'), 'utf8')) as Metrics;
}

async function compress(model: string, name: string, ...recipe: string[]): Promise<void> {
  const args = ['compress', join(folder, model), join(folder, name), '--recipe', ...recipe];
  await promisify(execFile)(process.execPath, [CLI, ...args]);
}

async function run(code: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, ['-c', code, ...args], {
    cwd: join(EXAMPLE, 'serving'),
    maxBuffer: 1 << 24,
  });
  return JSON.parse(stdout);
}

test('training exports a SavedModel, a float TFLite file, and the images it held out', () => {
  expect(readdirSync(join(folder, 'model')).sort()).toEqual(['held_out.npz', 'model.tflite', 'saved_model']);
  expect(statSync(join(folder, 'model/model.tflite')).size).toBeGreaterThan((784 * 128 + 128 + 128 * 10 + 10) * 4);
  expect(Number(/held_out_accuracy=([\d.]+)/.exec(trainingLog)![1])).toBeGreaterThanOrEqual(0.95);
});

test('evaluation measures both models on the held-out images', async () => {
  const metrics = await evaluate('model', 'model');
  const bytes = statSync(join(folder, 'model/model.tflite')).size;
  const logged = Number(/held_out_accuracy=([\d.]+)/.exec(trainingLog)![1]);
  expect(metrics).toMatchObject({
    held_out: 360,
    accuracy_change: 0,
    size_ratio: 1,
    raw: { bytes, accuracy: expect.closeTo(logged, 3) as number },
    compressed: { bytes },
  });
});

test.each([
  ['int8', LIMITS.eightBits],
  ['int4', LIMITS.fourBits],
])('%s costs at most %d points', async (method, limit) => {
  await compress('model', method, method);
  const { raw, compressed } = await evaluate('model', method);
  expect(compressed.bytes).toBeLessThan(raw.bytes / 3);
  expect(100 * (raw.accuracy - compressed.accuracy)).toBeLessThanOrEqual(limit);
});

test('half of the weights cost at most a point when they are pruned in training, and more when they are pruned after it', async () => {
  const [log] = await Promise.all([
    train('retrained', '--final-sparsity', '0.5'),
    compress('model', 'pruned', 'int8', '--prune', '0.5'),
  ]);
  expect(Number(/ sparsity=([\d.]+)/.exec(log)![1])).toBeCloseTo(0.5, 3);
  await compress('retrained', 'retrained-int8', 'int8');
  const [after, retrained] = [await evaluate('model', 'pruned'), await evaluate('model', 'retrained-int8')];
  const cost = ({ raw, compressed }: Metrics): number => 100 * (raw.accuracy - compressed.accuracy);
  expect(cost(retrained)).toBeLessThanOrEqual(LIMITS.retrained);
  expect(cost(after)).toBeGreaterThan(cost(retrained));
});

test('the split is the same every time, stratified, and leaves no image on both sides', async () => {
  const code = `
import sys, json
sys.path.insert(0, "../training")
import digits, numpy as np
a, b = digits.load(), digits.load()
train, held = {x.tobytes() for x in a[0]}, {x.tobytes() for x in a[2]}
print(json.dumps({
    "same": all((x == y).all() for x, y in zip(a, b)), "shapes": [list(x.shape) for x in a],
    "range": [float(a[0].min()), float(a[0].max())], "classes": np.bincount(a[3]).tolist(), "both": len(train & held),
    "shift": digits.shift(np.arange(784.0).reshape(1, 784), 1, 0)[0, :30].tolist(),
}))`;
  const seen = (await run(code)) as { classes: number[]; shift: number[] };
  expect(seen).toMatchObject({ same: true, shapes: [[1437, 784], [1437], [360, 784], [360]], range: [0, 1], both: 0 });
  expect(Math.max(...seen.classes) - Math.min(...seen.classes)).toBeLessThanOrEqual(3);
  expect(seen.shift).toEqual([...Array<number>(28).fill(0), 0, 1]);
});

const HANDLERS = `
import sys, json, threading, inference, numpy as np
model = inference.model_fn(sys.argv[1])
held = np.load(sys.argv[1] + "/held_out.npz", allow_pickle=False)
images = held["images"]
def answer(body, kind="application/json"):
    try:
        return json.loads(inference.output_fn(inference.predict_fn(inference.input_fn(body, kind), model), "application/json"))
    except inference.BadRequest as error:
        return f"{error.status_code} {error}"
`;

test('the handlers read JSON and CSV, one image or several, and agree', async () => {
  const code = `${HANDLERS}
rows = images[:3].tolist()
several = answer(json.dumps({"instances": rows}))
csv = answer("\\n".join(",".join(map(str, row)) for row in rows), "text/csv; charset=utf-8")
single = answer(json.dumps(rows[1]))
print(json.dumps({"csv": csv == several, "list": answer(json.dumps(rows)) == several,
    "single": single["predictions"][0]["label"] == several["predictions"][1]["label"],
    "right": [p["label"] for p in several["predictions"]] == held["labels"][:3].tolist(),
    "sums": [round(sum(p["probabilities"]), 3) for p in several["predictions"]]}))`;
  expect(await run(code, join(folder, 'model'))).toEqual({
    csv: true,
    list: true,
    single: true,
    right: true,
    sums: [1, 1, 1],
  });
});

test("the caller's mistakes are 400s that say what is wrong", async () => {
  const code = `${HANDLERS}
print(json.dumps([answer("{"), answer("[1, 2]"), answer('{"images": []}'), answer("[]"), answer("x", "image/png"),
    answer(json.dumps([float("nan")] * 784)), answer("[[1], [1, 2]]")]))`;
  const answers = (await run(code, join(folder, 'model'))) as string[];
  expect(answers).toEqual([
    expect.stringMatching(/^400 the body is not a list of images: /),
    '400 expected 1 to 1024 images of 784 numbers, received shape (1, 2)',
    expect.stringMatching(/^400 the body is not a list of images: 'instances'/),
    expect.stringMatching(/^400 expected 1 to 1024 images/),
    '400 content type image/png is not supported; send application/json or text/csv',
    '400 every pixel must be a finite number',
    expect.stringMatching(/^400 the body is not a list of images: /),
  ]);
});

test('many threads at once get the answers that one thread gets', async () => {
  const code = `${HANDLERS}
def body(index): return json.dumps(images[index:index + 1 + index % 3].tolist())
wanted = [answer(body(index)) for index in range(60)]
got = [None] * 60
def work(start):
    for index in range(start, 60, 6): got[index] = answer(body(index))
threads = [threading.Thread(target=work, args=[start]) for start in range(6)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(json.dumps(got == wanted))`;
  expect(await run(code, join(folder, 'model'))).toBe(true);
});
