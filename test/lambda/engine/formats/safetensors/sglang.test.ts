import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compressFolder } from './compress-folder';

const ROOT = resolve(__dirname, '../../../../..');
const LLAMA = join(ROOT, 'test/golden/safetensors/llama');

/** Python with SGLang, as tools/golden/sglang_peer.py tells; it takes gigabytes, so only who sets the variable runs this. */
const python = process.env.MODELPRESS_SGLANG_PYTHON;
const withSglang = python === undefined ? describe.skip : describe;

/** By recipe the scheme that SGLang 0.5.23 has for dense layers, and the parameters that it makes. */
const SCHEMES: Readonly<Record<string, { scheme: string; parameters: readonly string[] }>> = {
  w8a8: { scheme: 'CompressedTensorsW8A8Int8', parameters: ['weight', 'weight_scale'] },
  w8a16: { scheme: 'CompressedTensorsWNA16', parameters: ['weight_packed', 'weight_scale'] },
  w4a16: { scheme: 'CompressedTensorsWNA16', parameters: ['weight_packed', 'weight_scale'] },
  'w4a16-asym': {
    scheme: 'CompressedTensorsWNA16',
    parameters: ['weight_packed', 'weight_scale', 'weight_zero_point'],
  },
  fp8: { scheme: 'CompressedTensorsW8A8Fp8', parameters: ['weight', 'weight_scale'] },
  'fp8-block': { scheme: 'CompressedTensorsW8A8Fp8', parameters: ['weight', 'weight_scale'] },
  nvfp4a16: {
    scheme: 'CompressedTensorsW4A16Fp4',
    parameters: ['weight_packed', 'weight_global_scale', 'weight_scale'],
  },
};
const REFUSED = ['mxfp4a16', 'mxfp8'];
const LAYERS = ['self_attn.qkv_proj', 'self_attn.o_proj', 'mlp.gate_up_proj', 'mlp.down_proj'];

type Judged = Readonly<
  Record<string, { refusal: string } | { scheme: string; parameters: Readonly<Record<string, boolean>> }>
>;

withSglang('SGLang reads what we compress', () => {
  const found = new Map<string, Judged>();

  // Not before: the body of a suite runs when it is skipped, too.
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'modelpress-sglang-'));
    const methods = [...Object.keys(SCHEMES), ...REFUSED];
    for (const method of methods) await compressFolder(LLAMA, { method }, join(folder, method));
    const answers = join(folder, 'found.json');
    const argv = [join(ROOT, 'tools/golden/sglang_peer.py'), answers, ...methods.map((name) => join(folder, name))];
    execFileSync(python!, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
    const judged = JSON.parse(readFileSync(answers, 'utf8')) as Judged[];
    methods.forEach((method, i) => found.set(method, judged[i]));
    rmSync(folder, { recursive: true });
  }, 300_000);

  test.each(Object.keys(SCHEMES))(
    '%s: it chooses a scheme for each layer and takes every tensor as it is',
    (method) => {
      const { scheme, parameters } = SCHEMES[method];
      const expected = { scheme, parameters: Object.fromEntries(parameters.map((name) => [name, true])) };
      // Blocks do not straddle q, k and v; the tiny model's k and v are half a block high.
      const refusal = expect.stringMatching(/= 64 is not divisible by .* block_n = 128/) as string;
      const attention = method === 'fp8-block' ? { refusal } : expected;
      expect(found.get(method)).toEqual(
        Object.fromEntries(LAYERS.map((layer) => [layer, layer === 'self_attn.qkv_proj' ? attention : expected])),
      );
    },
  );

  test.each(REFUSED)('%s: it has no scheme for dense layers, as the docs say', (method) => {
    const refusal = 'No compressed-tensors compatible scheme was found.';
    expect(found.get(method)).toEqual(Object.fromEntries(LAYERS.map((layer) => [layer, { refusal }])));
  });
});
