import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LIMITS, safetensorsFile, sourceFiles } from './fixtures';
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

test.each(RECIPES)('%s: best mode keeps more of the weights than exact mode, int4 a lot more', async (method) => {
  const source = sourceFiles({
    'model.safetensors': readFileSync(join(GOLDEN, 'llama/model-00001-of-00002.safetensors')),
  });
  const noiseOf = async (mode: string) => {
    const { sums } = await make(source, { method, mode }, LIMITS);
    return [...sums.values()].reduce((sum, { noise }) => sum + noise, 0);
  };
  const [exact, best] = [await noiseOf('exact'), await noiseOf('best')];
  expect(exact).toBeGreaterThan(0);
  expect(best / exact).toBeLessThan(method.startsWith('w4') ? 0.9 : 1.0001);
});

/** Bytes of 16-bit weights, columns first. */
function transposed(bytes: Buffer, rows: number, columns: number): Buffer {
  const turned = Buffer.alloc(bytes.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned.writeUInt16LE(bytes.readUInt16LE(2 * (row * columns + column)), 2 * (column * rows + row));
  return turned;
}

const FUSABLE = RECIPES.filter((method) => method !== 'w4a16-asym');

test.each(FUSABLE.flatMap((method) => [[method, 'output'] as const, [method, 'input'] as const]))(
  '%s: experts that lie fused in one tensor, %s-major, become what single ones do',
  async (method, major) => {
    const folder = join(GOLDEN, 'mixtral');
    const shards = readdirSync(folder).filter((key) => key.endsWith('.safetensors'));
    const single = new Map(shards.flatMap((key) => [...readTensors(readFileSync(join(folder, key)))]));
    const expert = (name: string) => single.get(`model.layers.0.block_sparse_moe.experts.${name}.weight`)!.bytes;
    const fused = [
      {
        name: 'gate_up_proj',
        rows: 512,
        columns: 128,
        experts: [
          ['0.w1', '0.w3'],
          ['1.w1', '1.w3'],
        ],
      },
      { name: 'down_proj', rows: 128, columns: 256, experts: [['0.w2'], ['1.w2']] },
    ].map(({ name, rows, columns, experts }) => {
      const matrices = experts.map((parts) => Buffer.concat(parts.map(expert)));
      return {
        name: `model.layers.0.mlp.experts.${name}`,
        dtype: 'BF16',
        ...(major === 'output'
          ? { shape: [2, rows, columns], data: Buffer.concat(matrices) }
          : {
              shape: [2, columns, rows],
              data: Buffer.concat(matrices.map((matrix) => transposed(matrix, rows, columns))),
            }),
      };
    });
    const model = sourceFiles({
      'config.json': readFileSync(join(folder, 'config.json')),
      'model.safetensors': safetensorsFile(fused),
    });
    const { files } = await make(model, { method, mode: 'exact' }, LIMITS);
    const peers = (JSON.parse(readFileSync(`${folder}.json`, 'utf8')) as Record<string, Record<string, string>>)[
      method
    ];
    const expected = Object.entries(peers).filter(([name]) => name.includes('.experts.'));
    const renamed = expected.map(([name, digest]) => [name.replace('block_sparse_moe', 'mlp'), digest]);
    const made = [...readTensors(files.get('model.safetensors')!)].map(([name, { bytes }]) => [
      name,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
    expect(Object.fromEntries(made)).toEqual(Object.fromEntries(renamed));
  },
);
