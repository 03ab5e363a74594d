import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { testPython } from '../support/python';

const ROOT = resolve(__dirname, '../..');
const COUNT = 1000;
const folder = mkdtempSync(join(tmpdir(), 'modelpress-pytorch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly raw: number;
  readonly compressed: number;
  readonly batch: boolean;
  readonly mistakes: unknown[];
}

/** Models that the examples' own training scripts exported; serving them needs no torch. */
describe.each([
  ['pytorch-cnn', 0.55],
  ['pytorch-text', 0.7],
])('%s', (example, lowest) => {
  const [raw, compressed] = ['raw', 'int8'].map((name) => join(folder, example, name));
  let seen: Seen;

  beforeAll(async () => {
    const python = testPython();
    mkdirSync(raw, { recursive: true });
    const golden = readFileSync(join(ROOT, 'test/golden/examples', `${example}.onnx.gz`));
    writeFileSync(join(raw, 'model.onnx'), gunzipSync(golden));
    const cli = join(ROOT, 'dist/cli/modelpress.js');
    await promisify(execFile)(process.execPath, [cli, 'compress', raw, compressed, '--recipe', 'int8']);
    const script = join(__dirname, 'pytorch_serving.py');
    const args = [script, join(ROOT, 'examples', example), raw, compressed, String(COUNT)];
    const { stdout } = await promisify(execFile)(python, args, {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    seen = JSON.parse(stdout) as Seen;
  });

  test('int8 stays within half a point of the float model on held-out examples', () => {
    expect(seen.raw).toBeGreaterThan(lowest);
    expect(seen.compressed).toBeGreaterThanOrEqual(seen.raw - 0.005);
    const [before, after] = [raw, compressed].map((one) => statSync(join(one, 'model.onnx')).size);
    expect(after).toBeLessThan(before / 1.3);
  });

  test('several at once get the answers that one at a time gets', () => expect(seen.batch).toBe(true));

  test("the caller's mistakes are 400s", () => {
    expect(seen.mistakes).toEqual(Array(6).fill(expect.stringMatching(/^400 /)));
  });
});
