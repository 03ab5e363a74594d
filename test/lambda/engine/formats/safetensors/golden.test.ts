import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LIMITS, sourceFiles } from './fixtures';
import { make, readTensors } from './run-layout';

/** Made by tools/golden/safetensors_peer.py with compressed-tensors' own code. */
const GOLDEN = resolve(__dirname, '../../../../golden/safetensors');
const RECIPES = ['w8a8', 'w8a16', 'w4a16', 'w4a16-asym', 'fp8', 'fp8-block', 'nvfp4a16', 'mxfp4a16', 'mxfp8'];

describe.each(['bf16', 'f16', 'f32'])('exact mode is bit-identical to compressed-tensors from %s', (dtype) => {
  const source = readFileSync(join(GOLDEN, `source-${dtype}.safetensors`));

  test.each(RECIPES)('%s', async (method) => {
    const { files } = await make(sourceFiles({ 'model.safetensors': source }), { method, mode: 'exact' }, LIMITS);
    const made = readTensors(files.get('model.safetensors')!);
    const expected = readTensors(readFileSync(join(GOLDEN, `${method}-${dtype}.safetensors`)));
    expect(expected.size).toBeGreaterThan(10);
    for (const [name, tensor] of expected) {
      const own = made.get(name);
      expect([name, own?.dtype, own?.shape]).toEqual([name, tensor.dtype, tensor.shape]);
      const different = tensor.bytes.findIndex((byte, i) => byte !== own!.bytes[i]);
      expect(`${name}: first different byte ${different}`).toBe(`${name}: first different byte -1`);
    }
    const kept = readTensors(source);
    for (const [name, { bytes }] of made)
      if (kept.has(name) && !expected.has(name)) expect(bytes.equals(kept.get(name)!.bytes)).toBe(true);
  });
});

describe.each(['llama', 'mixtral'])('a tiny %s that transformers made', (kind) => {
  const folder = join(GOLDEN, kind);
  const source = sourceFiles(
    Object.fromEntries(readdirSync(folder).map((key) => [key, readFileSync(join(folder, key))])),
  );
  const peers = JSON.parse(readFileSync(`${folder}.json`, 'utf8')) as Record<string, Record<string, string>>;
  const methods = RECIPES.filter((method) => kind === 'llama' || method !== 'w4a16-asym');

  test.each(methods)('%s: every tensor is the one that compressed-tensors makes', async (method) => {
    const { files } = await make(source, { method, mode: 'exact' }, LIMITS);
    const shards = [...files].filter(([key]) => key.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(1);
    const digests = shards.flatMap(([, file]) =>
      [...readTensors(file)].map(([name, { bytes }]) => [name, createHash('sha256').update(bytes).digest('hex')]),
    );
    expect(Object.fromEntries(digests)).toEqual(peers[method]);
  });
});
