import { bytesOf, FixtureTensor, LIMITS, randomNumbers, safetensorsFile, sourceFiles } from './fixtures';
import { make, readTensors, Turn } from './run-layout';

type Major = 'output' | 'input';

/** Where a model's experts are squares, its type tells which way round they lie. */
const CONFIGS = {
  output: { architectures: ['MixtralForCausalLM'], hidden_size: 128 },
  input: { architectures: ['Llama4ForCausalLM'], model_type: 'llama4', hidden_size: 128 },
};
const METHODS = [
  'w8a8',
  'w8a16',
  'w4a16',
  'w4a16-asym',
  'fp8',
  'fp8-block',
  'nvfp4a16',
  'mxfp4a16',
  'mxfp8',
  'fp16',
  'bf16',
  'none',
];

/** Weights around a bell curve, in the type's bytes. */
function randomWeights(tensor: FixtureTensor, random: () => number): Uint8Array {
  const bytes = Buffer.alloc(bytesOf(tensor));
  const wide = tensor.dtype === 'F32';
  for (let at = 0; at < bytes.length; at += wide ? 4 : 2) {
    const value = (random() + random() + random() + random() - 2) * 0.1;
    if (wide) bytes.writeFloatLE(value, at);
    else if (tensor.dtype === 'BF16') bytes.writeUInt16LE(new Uint32Array(Float32Array.of(value).buffer)[0] >>> 16, at);
    // Any exponent below the infinities' is a fair f16.
    else bytes.writeUInt16LE((Math.floor(random() * 2) << 15) | Math.floor(random() * 0x3c00), at);
  }
  return bytes;
}

function randomModel(seed: number, experts: Major | undefined): Record<string, Uint8Array> {
  const random = randomNumbers(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)];
  const dtype = pick(['BF16', 'F16', 'F32']);
  const tensors: FixtureTensor[] = [];
  const add = (name: string, ...shape: number[]) => tensors.push({ name, dtype, shape });
  for (let layer = 0; layer < 1; layer++) {
    const columns = pick([128, 256]);
    for (const name of ['q_proj', 'k_proj', 'v_proj'])
      add(`model.layers.${layer}.self_attn.${name}.weight`, 1 + Math.floor(random() * 140), columns);
    for (const name of ['gate_proj', 'up_proj'])
      add(`model.layers.${layer}.mlp.${name}.weight`, 1 + Math.floor(random() * 60), 128);
    add(`model.layers.${layer}.mlp.odd.weight`, 129 + Math.floor(random() * 30), 4 * (1 + Math.floor(random() * 70)));
    add(`model.layers.${layer}.norm.weight`, 77);
  }
  if (experts !== undefined) {
    add('model.layers.1.mlp.experts.gate_up_proj', 2, ...(experts === 'output' ? [272, 128] : [128, 272]));
    add('model.layers.1.mlp.experts.down_proj', 2, 128, 128);
  }
  add('lm_head.weight', 40, 128);
  tensors.push({ name: 'model.position_ids', dtype: 'I64', shape: [9] });
  const shuffled = tensors.map((tensor) => ({
    key: random(),
    tensor: { ...tensor, data: tensor.dtype === 'I64' ? Buffer.alloc(72, 7) : randomWeights(tensor, random) },
  }));
  const order = shuffled.sort((a, b) => a.key - b.key).map(({ tensor }) => tensor);
  const cut = Math.floor(random() * order.length);
  const shards = { 'a.safetensors': order.slice(0, cut), 'b.safetensors': order.slice(cut) };
  const weightMap = Object.fromEntries(
    Object.entries(shards).flatMap(([key, part]) => part.map(({ name }) => [name, key])),
  );
  return {
    'config.json': Buffer.from(JSON.stringify(CONFIGS[experts ?? 'output'])),
    'model.safetensors.index.json': Buffer.from(JSON.stringify({ metadata: {}, weight_map: weightMap })),
    ...Object.fromEntries(
      Object.entries(shards)
        .filter(([, part]) => part.length > 0)
        .map(([key, part]) => [key, safetensorsFile(part)]),
    ),
  };
}

/** Every turn, some twice, in any order. */
function shuffled(random: () => number): (turns: Turn[]) => Turn[] {
  return (turns) =>
    [...turns, ...turns.filter(() => random() < 0.2)]
      .map((turn) => ({ key: random(), turn }))
      .sort((a, b) => a.key - b.key)
      .map(({ turn }) => turn);
}

describe.each(METHODS)('%s: any split over workers, in any order, with repeats, makes the same bytes', (method) => {
  test.each<[string, number | string | undefined, Major]>([
    ['exact', undefined, 'input'],
    ['best', undefined, 'output'],
    ['exact', 0.4, 'input'],
    ['best', '2:4', 'output'],
  ])('%s, pruned by %s, experts %s-major', async (mode, prune, experts) => {
    const seed = METHODS.indexOf(method) * 10 + (mode === 'exact' ? 1 : 2);
    if (method === 'none' && prune === undefined) return expect(method).toBe('none');
    const recipe = { method, mode, ...(prune === undefined ? {} : { prune }) };
    const source = sourceFiles(randomModel(seed, method === 'w4a16-asym' ? undefined : experts));
    const whole = await make(source, recipe, LIMITS);
    const random = randomNumbers(seed);
    for (const [targetPieceBytes, wholeTensorBytes] of prune === undefined ? [[4_000, 9_000], [40_000]] : [[9_000]]) {
      const limits = { targetPieceBytes, minPieceBytes: 500, wholeTensorBytes };
      const split = await make(source, recipe, limits, shuffled(random));
      expect(split.layout.outputs.flatMap(({ pieces }) => pieces).length).toBeGreaterThan(4);
      for (const [key, bytes] of whole.files) expect([key, split.files.get(key)!.equals(bytes)]).toEqual([key, true]);
      expect([...split.sums.keys()].sort()).toEqual([...whole.sums.keys()].sort());
      for (const [tensor, sums] of whole.sums) {
        const own = split.sums.get(tensor)!;
        expect([own.zeros, own.count]).toEqual([sums.zeros, sums.count]);
        expect(own.signal / sums.signal).toBeCloseTo(1, 5);
        if (sums.noise > 0) expect(own.noise / sums.noise).toBeCloseTo(1, 5);
      }
    }
    if (prune !== undefined) expectPruned(whole, prune);
  });
});

function expectPruned({ layout, sums }: Awaited<ReturnType<typeof make>>, prune: unknown): void {
  const share = prune === '2:4' ? 0.5 : (prune as number);
  layout.tensors.forEach(({ action, name, shape }, index) => {
    const own = sums.get(index);
    if (action === 'keep' || shape.length === 1 || name.startsWith('lm_head') || own === undefined) return;
    // Each matrix rounds its own count; a fused tensor holds some of them.
    expect([name, own.zeros]).toEqual([name, Math.max(own.zeros, Math.floor(share * own.count) - 3)]);
    expect(own.noise).toBeGreaterThan(0);
  });
}

test('the split of a shard cannot be told from its tensors', async () => {
  const source = sourceFiles(randomModel(5, 'output'));
  const { files } = await make(source, { method: 'w8a8' }, { targetPieceBytes: 2_000, minPieceBytes: 100 });
  const tensors = [...files]
    .filter(([key]) => key.endsWith('.safetensors'))
    .flatMap(([, file]) => [...readTensors(file)]);
  expect(tensors.find(([name]) => name === 'model.position_ids')![1].bytes.equals(Buffer.alloc(72, 7))).toBe(true);
});
