import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { LIMITS } from '../../tools/examples/runs';
import { testPython } from '../support/python';

const ROOT = resolve(__dirname, '../..');
const COUNT = 1000;
const folder = mkdtempSync(join(tmpdir(), 'modelpress-pytorch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  /** Shares of right answers, of each folder in its order. */
  readonly accuracies: number[];
  readonly batch: boolean;
  readonly mistakes: unknown[];
}

/** Models that the examples' own training scripts exported; serving them needs no torch. */
describe.each([
  ['pytorch-cnn', 0.75],
  ['pytorch-text', 0.9],
])('%s', (example, lowest) => {
  const [raw, int8, int4] = ['raw', 'int8', 'int4'].map((name) => join(folder, example, name));
  let seen: Seen;

  beforeAll(async () => {
    const python = testPython();
    mkdirSync(raw, { recursive: true });
    const golden = readFileSync(join(ROOT, 'test/golden/examples', `${example}.onnx.gz`));
    writeFileSync(join(raw, 'model.onnx'), gunzipSync(golden));
    const cli = join(ROOT, 'dist/cli/modelpress.js');
    for (const [artifact, ...recipe] of [
      [int8, 'int8'],
      [int4, 'int4', '--group-size', '32'],
    ])
      await promisify(execFile)(process.execPath, [cli, 'compress', raw, artifact, '--recipe', ...recipe]);
    const script = join(__dirname, 'pytorch_serving.py');
    const args = [script, join(ROOT, 'examples', example), String(COUNT), raw, int8, int4];
    const { stdout } = await promisify(execFile)(python, args, {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    seen = JSON.parse(stdout) as Seen;
  });

  test.each([
    ['int8', LIMITS.eightBits, 1],
    ['int4', LIMITS.fourBits, 2],
  ])('%s costs at most %d points on held-out examples', (method, limit, index) => {
    const [before, after] = [seen.accuracies[0], seen.accuracies[index]];
    expect(before).toBeGreaterThan(lowest);
    expect(100 * (before - after)).toBeLessThanOrEqual(limit);
    const [large, small] = ['raw', method].map((name) => statSync(join(folder, example, name, 'model.onnx')).size);
    expect(small).toBeLessThan(large / 1.3);
  });

  test('int4 is smaller than int8', () => {
    const [four, eight] = [int4, int8].map((one) => statSync(join(one, 'model.onnx')).size);
    expect(four).toBeLessThan(eight);
  });

  test('several at once get the answers that one at a time gets', () => expect(seen.batch).toBe(true));

  test("the caller's mistakes are 400s", () => {
    expect(seen.mistakes).toEqual(Array(6).fill(expect.stringMatching(/^400 /)));
  });
});
