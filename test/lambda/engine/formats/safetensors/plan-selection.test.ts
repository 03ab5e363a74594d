import { FixtureTensor } from './fixtures';
import {
  actions,
  checkLayout,
  CONFIG,
  header,
  json,
  layer,
  MODEL,
  plan,
  quantization,
  quantizeSteps,
  weight,
} from './planned-layout';

test('compresses the projections and tells why the rest is kept', async () => {
  const layout = await plan({ method: 'w4a16' });
  checkLayout(layout);
  const kept = Object.fromEntries(
    layout.tensors.filter(({ action }) => action === 'keep').map(({ name, reason }) => [name, reason]),
  );
  expect(kept).toEqual({
    'model.embed_tokens.weight': 'left alone by default: re:.*embed_tokens.*',
    'model.layers.0.input_layernorm.weight': 'it has 1 dimension, not 2',
    'model.norm.weight': 'it has 1 dimension, not 2',
    'lm_head.weight': 'left alone by default: lm_head',
  });
  expect(quantization(layout)).toEqual({
    quant_method: 'compressed-tensors',
    format: 'pack-quantized',
    quantization_status: 'compressed',
    ignore: ['lm_head', 're:.*embed_tokens.*'],
    kv_cache_scheme: null,
    config_groups: {
      group_0: {
        targets: ['Linear'],
        weights: { num_bits: 4, type: 'int', symmetric: true, strategy: 'group', group_size: 128, dynamic: false },
        input_activations: null,
        output_activations: null,
      },
    },
  });
  const q = Object.entries(header(layout)).filter(([name]) => name.startsWith('model.layers.0.self_attn.q_proj'));
  expect(q.map(([name, { dtype, shape }]) => [name.split('.').pop(), dtype, shape])).toEqual([
    ['weight_packed', 'I32', [128, 16]],
    ['weight_scale', 'BF16', [128, 1]],
    ['weight_shape', 'I64', [2]],
  ]);
});

test.each(['mlp.gate', 'block_sparse_moe.gate', 'feed_forward.router', 'mixer.gate', 'mlp.shared_expert_gate'])(
  'leaves the router %s to full precision',
  async (name) => {
    const layout = await plan({ method: 'w8a8' }, [weight(`model.layers.0.${name}`, 8, 128), ...layer(1)]);
    expect(layout.tensors.find((tensor) => tensor.name.includes(name))).toMatchObject({ action: 'keep' });
    expect(quantization(layout).ignore).toHaveLength(2);
    expect(actions(layout)['model.layers.1.mlp.gate_proj.weight']).toBe('w8a8');
  },
);

test.each([
  ['fp8-block', 64, true],
  ['fp8-block', 128, false],
  ['fp8', 64, false],
])('%s warns of keys with %d rows: %s', async (method, rows, warned) => {
  const keys = MODEL.map((tensor) => (tensor.name.includes('k_proj') ? { ...tensor, shape: [rows, 128] } : tensor));
  const { warnings } = await plan({ method }, keys);
  expect(warnings.some((text) => /vLLM refuses 1 weights such as model\.layers\.0\.self_attn\.k_proj/.test(text))).toBe(
    warned,
  );
});

test('refuses a recipe that splits what runs as one, naming both', async () => {
  const recipe = { method: 'w8a8', ignore: ['re:.*mlp.gate'] };
  await expect(plan(recipe)).rejects.toThrow(
    /up_proj \(w8a8\) and model\.layers\.0\.mlp\.gate_proj \(the recipe ignores re:\.\*mlp\.gate\) differently/,
  );
  await expect(plan({ method: 'w8a8', overrides: [{ match: 're:.*k_proj', method: 'fp8' }] })).rejects.toThrow(
    /q_proj, .*k_proj/,
  );
  const all = await plan({ method: 'w8a8', ignore: ['re:.*(gate|up)_proj'] });
  expect(actions(all)['model.layers.0.mlp.gate_proj.weight']).toBe('keep');
  expect(quantization(all).ignore).toEqual(
    expect.arrayContaining(['model.layers.0.mlp.gate_proj', 'model.layers.0.mlp.up_proj']),
  );
});

test('leaves a whole set alone when the rows of one member do not divide', async () => {
  const odd = MODEL.map((tensor) => (tensor.name.includes('up_proj') ? { ...tensor, shape: [256, 100] } : tensor));
  const layout = await plan({ method: 'w4a16' }, odd);
  const [gate] = layout.tensors.filter(({ name }) => name.includes('gate_proj'));
  expect(gate).toMatchObject({
    action: 'keep',
    reason: expect.stringMatching(/runs as one with .*up_proj: its rows of 100 do not divide/) as string,
  });
  expect(layout.warnings.join()).toMatch(/2 weights stay as they are because their rows do not divide/);
});

test('mixes formats by override, with targets that also name the fused modules', async () => {
  const layout = await plan({
    method: 'w4a16',
    groupSize: 64,
    overrides: [
      { match: 're:.*(q|k|v)_proj', method: 'fp8' },
      { match: 're:.*o_proj', method: 'none' },
    ],
  });
  const config = quantization(layout);
  expect(config.format).toBe('mixed-precision');
  expect(config.ignore).toContain('model.layers.0.self_attn.o_proj');
  expect(config.config_groups.group_1).toMatchObject({ format: 'pack-quantized', weights: { group_size: 64 } });
  expect(config.config_groups.group_0).toMatchObject({ format: 'float-quantized', targets: ['Linear'] });
  expect(config.config_groups.group_1.targets).toEqual(
    expect.arrayContaining(['model.layers.0.mlp.gate_up_proj', 'model.layers.0.mlp.down_proj']),
  );
});

test('refuses to compress tied embeddings, asymmetric experts, and methods of other formats', async () => {
  await expect(
    plan(
      { method: 'w8a8', overrides: [{ match: 'lm_head', method: 'w8a8' }] },
      MODEL,
      {},
      { ...CONFIG, tie_word_embeddings: true },
    ),
  ).rejects.toThrow(/ties its embeddings/);
  const experts = [weight('model.layers.0.mlp.experts.0.down_proj', 128, 128)];
  await expect(plan({ method: 'w4a16-asym' }, experts)).rejects.toThrow(/symmetric weights only/);
  await expect(plan({ method: 'w4a16', quantFormat: 'QDQ' })).rejects.toThrow(
    'quantFormat is for ONNX models, not for checkpoints in safetensors; leave it out',
  );
  await expect(plan({ method: 'fp8', groupSize: 128 })).rejects.toThrow(/has no groups/);
});

test('NVFP4 gives the members of a set the same ranges to share a scale over, next to each other', async () => {
  const layout = await plan({ method: 'nvfp4a16' });
  const qkv = quantizeSteps(layout).filter(({ module }) => /[qkv]_proj$/.test(module));
  expect(qkv.map(({ module }) => module.split('.').pop())).toEqual(['q_proj', 'k_proj', 'v_proj']);
  expect(new Set(qkv.map(({ shared }) => JSON.stringify(shared))).size).toBe(1);
  expect(qkv[0].shared).toHaveLength(3);
});

test('pruning a language model warns loudly; 2:4 keeps what does not divide by 4', async () => {
  const layout = await plan({ method: 'none', prune: '2:4' }, [...MODEL, weight('model.odd', 4, 6)]);
  expect(layout.warnings[0]).toMatch(/PRUNING A LANGUAGE MODEL/);
  expect(actions(layout)).toMatchObject({
    'model.layers.0.mlp.up_proj.weight': 'prune',
    'model.odd.weight': 'keep',
    'lm_head.weight': 'keep',
  });
  expect(json(layout, 'config.json')).toEqual(CONFIG);
});

test('types that are not weights pass through', async () => {
  const tensors: FixtureTensor[] = [
    { name: 'a.weight', dtype: 'I64', shape: [4, 4] },
    { name: 'b.weight', dtype: 'F64', shape: [4, 4] },
    { name: 'c.weight', dtype: 'BF16', shape: [0, 4] },
  ];
  const layout = await plan({ method: 'fp16' }, tensors);
  expect(layout.tensors.map(({ action, reason }) => [action, reason])).toEqual([
    ['keep', expect.stringMatching(/I64/)],
    ['keep', expect.stringMatching(/F64/)],
    ['fp16', undefined],
  ]);
});
