import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCommandLine } from '../../cli/run-command-line';
import { FileSource } from '../../lambda/engine/io/file-source';
import { FixtureTensor, headerOf, safetensorsFile } from '../lambda/engine/formats/safetensors/fixtures';

const ROOT = resolve(__dirname, '../..');
const LLAMA = join(ROOT, 'test/golden/safetensors/llama');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelpress-cli-test-'));
  mkdirSync(join(folder, 'tmp'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the command as a user would in a checkout; its temporary files lie below the test's own folder. */
function start(...argv: string[]) {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'bin/modelpress.ts', ...argv], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: join(folder, 'tmp') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, output };
}

async function run(...argv: string[]) {
  const { child, output } = start(...argv);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

const digests = (path: string) =>
  Object.fromEntries(
    readdirSync(path)
      .filter((name) => name !== 'manifest.json')
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex'),
      ]),
  );
const leftovers = () => readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('modelpress-'));

describe('modelpress compress', () => {
  test('makes the same artifact on one and on three threads, and says what became of the model', async () => {
    const one = await run('compress', LLAMA, join(folder, 'one'), '--recipe', 'w8a8', '--jobs', '1');
    expect(one).toMatchObject({ code: 0 });
    expect(one.stdout).toMatch(/350 KB -> \d+ KB \(1\.\d+ times smaller\), signal to noise 4\d\.\d dB/);
    expect(one.stderr).toMatch(/100% /);
    const three = await run('compress', LLAMA, join(folder, 'three'), '--recipe', 'w8a8', '--jobs', '3', '--json');
    const report = JSON.parse(three.stdout) as { bytesAfter: number; files: number; warnings: string[] };
    expect(report).toMatchObject({
      format: 'safetensors',
      recipe: { method: 'w8a8', mode: 'best' },
      files: 5,
      warnings: [],
    });
    expect(digests(join(folder, 'one'))).toEqual(digests(join(folder, 'three')));
    expect(existsSync(join(folder, 'one', '.modelpress-uploads'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test('refuses a destination that holds something, and touches nothing there', async () => {
    writeFileSync(join(folder, 'precious.txt'), 'mine');
    const { code, stderr } = await run('compress', LLAMA, folder, '--recipe', 'fp16');
    expect(code).toBe(1);
    expect(stderr).toMatch(/holds files already/);
    expect(readFileSync(join(folder, 'precious.txt'), 'utf8')).toBe('mine');
  });

  test('takes a single file, and says that settings are missing', async () => {
    copyFileSync(join(LLAMA, 'model-00001-of-00002.safetensors'), join(folder, 'part.safetensors'));
    const { code, stderr } = await run(
      'compress',
      join(folder, 'part.safetensors'),
      join(folder, 'out'),
      '--recipe',
      'w8a8',
    );
    expect([code, stderr]).toEqual([0, expect.stringMatching(/no config\.json/)]);
    expect(readdirSync(join(folder, 'out')).sort()).toEqual([
      'manifest.json',
      'part.safetensors',
      'quantization_config.json',
    ]);
  });

  test('a model with NaN fails with the tensor named and leaves nothing behind', async () => {
    mkdirSync(join(folder, 'model'));
    const data = Buffer.alloc(128 * 128 * 2);
    data.writeUInt16LE(0x7fc1, 4242);
    writeFileSync(
      join(folder, 'model/model.safetensors'),
      safetensorsFile([{ name: 'model.a.weight', dtype: 'BF16', shape: [128, 128], data }]),
    );
    const { code, stderr } = await run('compress', join(folder, 'model'), join(folder, 'out'), '--recipe', 'w8a8');
    expect(code).toBe(1);
    expect(stderr).toMatch(/modelpress: model\.safetensors: model\.a holds NaN/);
    expect(existsSync(join(folder, 'out'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'stopped by %s it leaves nothing behind, and can be run again',
    async (signal) => {
      const model = join(folder, 'model/model.safetensors');
      mkdirSync(join(folder, 'model'));
      // A file with a hole of 16 GB for weights: it is stopped long before it is done, however busy the machine is.
      const tensors = (length: number): FixtureTensor[] =>
        Array.from({ length }, (_, i) => ({ name: `model.${i}.weight`, dtype: 'F32', shape: [2048, 1024] }));
      writeFileSync(model, headerOf(tensors(2000)));
      truncateSync(model, statSync(model).size + 2000 * 2048 * 1024 * 4);
      const argv = ['compress', join(folder, 'model'), join(folder, 'out'), '--recipe', 'w8a8', '--jobs', '1'];
      const { child, output } = start(...argv);
      const closed = once(child, 'close');
      // The uploads exist from the plan on, the manifest only at the end.
      while (!existsSync(join(folder, 'out/.modelpress-uploads/owner')) && child.exitCode === null)
        await new Promise((done) => setTimeout(done, 5));
      child.kill(signal);
      const [code] = (await closed) as [number | null];
      expect([code, output.stderr]).toEqual([1, expect.stringContaining(`stopped by ${signal}`)]);
      expect(existsSync(join(folder, 'out'))).toBe(false);
      expect(leftovers()).toEqual([]);
      writeFileSync(model, safetensorsFile(tensors(1)));
      expect(await run(...argv)).toMatchObject({ code: 0 });
    },
  );

  test('a run that was killed leaves no artifact, and the next one clears its remains', async () => {
    const uploads = join(folder, 'out/.modelpress-uploads');
    mkdirSync(uploads, { recursive: true });
    const { child } = start('--help');
    await once(child, 'close');
    writeFileSync(join(uploads, 'owner'), String(child.pid));
    writeFileSync(join(uploads, 'half'), 'an upload');
    expect(await run('compress', LLAMA, join(folder, 'out'), '--recipe', 'fp16')).toMatchObject({ code: 0 });
    expect(existsSync(uploads)).toBe(false);
  });

  test('two runs do not write to one destination', async () => {
    const uploads = join(folder, 'out/.modelpress-uploads');
    mkdirSync(uploads, { recursive: true });
    writeFileSync(join(uploads, 'owner'), String(process.pid));
    const { code, stderr } = await run('compress', LLAMA, join(folder, 'out'), '--recipe', 'fp16');
    expect([code, stderr]).toEqual([1, expect.stringContaining(`process ${process.pid} is writing there`)]);
  });
});

describe('modelpress inspect', () => {
  test('tells what a recipe would do and why not', async () => {
    const { code, stdout } = await run('inspect', LLAMA, '--recipe', 'w4a16');
    expect(code).toBe(0);
    expect(stdout).toMatch(/safetensors, 12 tensors/);
    expect(stdout).toMatch(/w4a16 +7 +\d+ KB +\d/);
    expect(stdout).toMatch(/Kept, left alone by default: lm_head: lm_head\.weight/);
    expect(stdout).toMatch(/Lambda: 1 worker, about [\d.]+ s altogether, about \$0\.0000/);
  });

  test('answers in JSON for machines, also when it fails', async () => {
    const { stdout } = await run('inspect', LLAMA, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'safetensors',
      tensors: expect.arrayContaining([expect.objectContaining({ name: 'lm_head.weight', dtype: 'BF16' })]) as unknown,
    });
    const failed = await run('inspect', join(folder, 'absent'), '--json');
    expect([failed.code, JSON.parse(failed.stdout) as unknown]).toEqual([
      1,
      { error: { name: 'ModelError', message: expect.stringMatching(/no such file or folder/) as string } },
    ]);
  });

  test.each([LLAMA, join(LLAMA, 'model-00001-of-00002.safetensors')])('closes what it opened of %s', async (model) => {
    const opened = jest.spyOn(FileSource, 'open');
    const closed = jest.spyOn(FileSource.prototype, 'close');
    const output = { write: jest.fn() };
    expect(await runCommandLine(['inspect', model], { stdout: output, stderr: output })).toBe(0);
    expect(opened.mock.calls.length).toBeGreaterThan(0);
    expect(closed).toHaveBeenCalledTimes(opened.mock.calls.length);
    jest.restoreAllMocks();
  });

  test('a reader that is gone is no fault', async () => {
    const { child, output } = start('inspect', LLAMA);
    child.stdout.destroy();
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, output.stderr]).toEqual([0, '']);
  });

  test('wrong usage has exit code 2 and a pointer to the help', async () => {
    const { code, stderr } = await run('inspect');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/takes one source.*\n.*--help/)]);
    expect((await run('--help')).stdout).toMatch(/Usage:\n {2}modelpress compress/);
  });
});
