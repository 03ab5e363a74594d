import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FixtureTensor, LIMITS, safetensorsFile, sourceFiles } from './fixtures';
import { make, readTensors } from './run-layout';

const GOLDEN = resolve(__dirname, '../../../../golden/safetensors');
const INTEGER = ['w8a8', 'w8a16', 'w4a16', 'w4a16-asym'];
const FLOAT = ['fp8', 'fp8-block', 'nvfp4a16', 'mxfp4a16', 'mxfp8'];
const RECIPES = [...INTEGER, ...FLOAT, 'fp16', 'bf16'];
/** Recipes whose scales belong to groups along a row. */
const GROUPED = ['w8a16', 'w4a16', 'w4a16-asym', 'nvfp4a16', 'mxfp4a16', 'mxfp8'];
const TYPES = ['BF16', 'F16', 'F32'];
const ALL = RECIPES.flatMap((method) => TYPES.map((dtype) => [method, dtype] as const));
const CONFIG = { 'config.json': Buffer.from('{"model_type":"llama4","hidden_size":128}') };

/** Bits of an infinity; one more is a NaN. */
const INFINITY: Readonly<Record<string, number>> = { BF16: 0x7f80, F16: 0x7c00, F32: 0x7f800000 };

/** Ones, but for a last weight of these bits. */
function weights(dtype: string, count: number, last?: number): Buffer {
  const ones: Readonly<Record<string, number>> = { BF16: 0x3f80, F16: 0x3c00, F32: 0x3f800000 };
  const size = dtype === 'F32' ? 4 : 2;
  const bytes = Buffer.alloc(count * size);
  for (let i = 0; i < count; i++)
    bytes.writeUIntLE(i === count - 1 ? (last ?? ones[dtype]) : ones[dtype], i * size, size);
  return bytes;
}

const isCopy = (method: string, dtype: string) => method === { F16: 'fp16', BF16: 'bf16' }[dtype];

const compress = (tensors: readonly FixtureTensor[], recipe: object) =>
  make(sourceFiles({ ...CONFIG, 'model.safetensors': safetensorsFile(tensors) }), recipe, LIMITS);

describe.each(ALL)('%s from %s', (method, dtype) => {
  const top = dtype === 'F32' ? 0x80000000 : 0x8000;

  test.each([
    ['an infinity', INFINITY[dtype], /an infinity/],
    ['a negative infinity', INFINITY[dtype] + top, /an infinity/],
    ['NaN', INFINITY[dtype] + 1, /NaN/],
  ])('refuses %s, naming the file and the tensor', async (_, bits, what) => {
    const place = 'model.layers.0.self_attn';
    const tensors = ['q_proj', 'k_proj', 'v_proj'].map((name) => ({
      name: `${place}.${name}.weight`,
      dtype,
      shape: [8, 128],
      data: weights(dtype, 1024, name === 'k_proj' ? bits : undefined),
    }));
    // What has the recipe's type already is a copy, unless it is pruned.
    const recipes = [
      { method, mode: 'exact' },
      { method, prune: 0.5 },
    ].slice(isCopy(method, dtype) ? 1 : 0);
    for (const recipe of recipes) {
      const error: unknown = await compress(tensors, recipe).catch((thrown: unknown) => thrown);
      const message = expect.stringMatching(/^model\.safetensors: model\.layers\.0\.self_attn\.k_proj/) as string;
      expect(error).toMatchObject({ name: 'InvalidModel', message });
      expect((error as Error).message).toMatch(what);
    }
  });

  test('compresses rows that do not divide by a group where it has none, and keeps them where it has', async () => {
    const data = weights(dtype, 10 * 100);
    const { layout, files } = await compress([{ name: 'model.a.weight', dtype, shape: [10, 100], data }], { method });
    const [tensor] = layout.tensors;
    if (!GROUPED.includes(method)) return expect(tensor.action).toBe(isCopy(method, dtype) ? 'keep' : method);
    expect(tensor).toMatchObject({
      action: 'keep',
      reason: expect.stringMatching(/do not divide into groups/) as string,
    });
    expect(layout.warnings.join()).toMatch(/1 weights stay as they are because their rows do not divide/);
    expect(readTensors(files.get('model.safetensors')!).get('model.a.weight')!.bytes.equals(data)).toBe(true);
  });
});

test.each(ALL.filter(([method]) => [...INTEGER, ...FLOAT].includes(method) && method !== 'w4a16-asym'))(
  '%s from %s refuses NaN in experts that lie input-major, naming the expert',
  async (method, dtype) => {
    const fused = (name: string, shape: number[]) => ({ name: `model.layers.0.mlp.experts.${name}`, dtype, shape });
    const tensors = [
      { ...fused('gate_up_proj', [2, 128, 256]), data: weights(dtype, 2 * 128 * 256, INFINITY[dtype] + 1) },
      { ...fused('down_proj', [2, 128, 128]), data: weights(dtype, 2 * 128 * 128) },
    ];
    await expect(compress(tensors, { method })).rejects.toThrow(
      /^model\.safetensors: .*experts\.1\..*up_proj holds NaN/,
    );
  },
);

describe.each(RECIPES)('%s passes through, byte for byte', (method) => {
  const type = method === 'fp16' ? 'F16' : 'BF16';

  test.each([
    ['a vector', { name: 'model.a.weight', dtype: type, shape: [96] }],
    ['a scalar', { name: 'model.a.weight', dtype: type, shape: [] }],
    ['a filter', { name: 'model.a.weight', dtype: type, shape: [2, 3, 4, 4] }],
    ['what is no weight', { name: 'model.a.table', dtype: type, shape: [12, 8] }],
    ['whole numbers', { name: 'model.a.weight', dtype: 'I64', shape: [12, 128] }],
    ['truth values', { name: 'model.a.weight', dtype: 'BOOL', shape: [12, 128] }],
    ['f64', { name: 'model.a.weight', dtype: 'F64', shape: [12, 128] }],
    ['nothing', { name: 'model.a.weight', dtype: type, shape: [0, 128] }],
  ])('%s', async (_, tensor) => {
    const elements = tensor.shape.reduce((product, extent) => product * extent, 1);
    const size = ({ F64: 8, I64: 8, BOOL: 1 } as Record<string, number>)[tensor.dtype] ?? 2;
    const data = Buffer.from(Array.from({ length: elements * size }, (_byte, i) => (i * 37) % 251));
    const { layout, files } = await compress([{ ...tensor, data }], { method });
    expect(layout.tensors[0]).toMatchObject({ action: 'keep', reason: expect.any(String) as string });
    const made = readTensors(files.get('model.safetensors')!).get(tensor.name)!;
    expect([made.dtype, made.shape, made.bytes.equals(data)]).toEqual([tensor.dtype, tensor.shape, true]);
  });
});

test.each([...INTEGER, ...FLOAT].flatMap((method) => TYPES.map((dtype) => [method, dtype] as const)))(
  '%s in best mode keeps zeros, subnormals and ties of %s at least as well as in exact mode',
  async (method, dtype) => {
    const source = { 'model.safetensors': readFileSync(join(GOLDEN, `source-${dtype.toLowerCase()}.safetensors`)) };
    const [exact, best] = await Promise.all(
      ['exact', 'best'].map((mode) => make(sourceFiles(source), { method, mode }, LIMITS)),
    );
    let compared = 0;
    for (const [index, { noise, zeros }] of best.sums) {
      if (best.layout.tensors[index].action === 'keep') continue;
      compared++;
      const name = best.layout.tensors[index].name;
      expect([name, noise <= exact.sums.get(index)!.noise]).toEqual([name, true]);
      if (name === 'model.layers.0.zero.weight') expect([noise, zeros]).toEqual([0, 1024]);
    }
    expect(compared).toBeGreaterThan(5);
  },
);
