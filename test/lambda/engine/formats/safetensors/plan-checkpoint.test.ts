import { planCheckpoint } from '../../../../../lambda/engine/formats/safetensors/plan-checkpoint';
import { QuantizeStep } from '../../../../../lambda/engine/formats/safetensors/safetensors-steps';
import { Layout } from '../../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { LiteralStep } from '../../../../../lambda/engine/steps';
import { FixtureTensor, LIMITS, randomNumbers, safetensorsFile, sourceFiles } from './fixtures';
import { llama70b, mixture1t, shardedModel } from './large-models';

const CONFIG = { architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: 128 };
const weight = (name: string, ...shape: number[]): FixtureTensor => ({ name: `${name}.weight`, dtype: 'BF16', shape });
const layer = (i: number) => [
  ...['q', 'k', 'v', 'o'].map((name) => weight(`model.layers.${i}.self_attn.${name}_proj`, 128, 128)),
  ...['gate', 'up'].map((name) => weight(`model.layers.${i}.mlp.${name}_proj`, 256, 128)),
  weight(`model.layers.${i}.mlp.down_proj`, 128, 256),
  weight(`model.layers.${i}.input_layernorm`, 128),
];
const MODEL = [
  weight('model.embed_tokens', 64, 128),
  ...layer(0),
  weight('model.norm', 128),
  weight('lm_head', 64, 128),
];

function plan(
  recipe: object,
  tensors = MODEL,
  more: Record<string, Uint8Array> = {},
  config: object = CONFIG,
): Promise<Layout> {
  const files = {
    'config.json': Buffer.from(JSON.stringify(config)),
    'model.safetensors': safetensorsFile(tensors),
    ...more,
  };
  return planCheckpoint(sourceFiles(files), parseRecipe(recipe), LIMITS);
}

function literalOf(layout: Layout, key: string): Buffer {
  const step = layout.outputs.find((output) => output.key === key)!.pieces[0].steps[0] as LiteralStep;
  return Buffer.from(step.data, 'base64');
}

interface QuantizationConfig {
  readonly format: string;
  readonly ignore: readonly string[];
  readonly config_groups: Readonly<Record<string, { readonly targets: readonly string[] }>>;
}

const json = <T>(layout: Layout, key: string) => JSON.parse(literalOf(layout, key).toString()) as T;
const quantization = (layout: Layout) =>
  json<{ quantization_config: QuantizationConfig }>(layout, 'config.json').quantization_config;
const header = (layout: Layout, key = 'model.safetensors') =>
  JSON.parse(literalOf(layout, key).subarray(8).toString()) as Record<string, { dtype: string; shape: number[] }>;
const quantizeSteps = (layout: Layout) =>
  layout.outputs
    .flatMap(({ pieces }) => pieces.flatMap(({ steps }) => steps))
    .filter(({ kind }) => kind === 'safetensors.quantize') as QuantizeStep[];
const actions = (layout: Layout) => Object.fromEntries(layout.tensors.map(({ name, action }) => [name, action]));

/** Every rule that holds for any layout, whatever the recipe. */
function checkLayout(layout: Layout): void {
  for (const { size, pieces } of layout.outputs) {
    let at = 0;
    pieces.forEach((piece, i) => {
      expect(piece.offset).toBe(at);
      expect(piece.length).toBe(piece.steps.reduce((sum, { length }) => sum + length, 0));
      if (i < pieces.length - 1) expect(piece.length).toBeGreaterThanOrEqual(LIMITS.minPieceBytes);
      at += piece.length;
    });
    expect(at).toBe(size);
  }
}

describe('selection', () => {
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
    expect(
      warnings.some((text) => /vLLM refuses 1 weights such as model\.layers\.0\.self_attn\.k_proj/.test(text)),
    ).toBe(warned);
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

  const experts = (...shapes: [gateUp: number[], down: number[]]): FixtureTensor[] =>
    ['gate_up_proj', 'down_proj'].map((name, i) => ({
      name: `model.layers.0.mlp.experts.${name}`,
      dtype: 'BF16',
      shape: shapes[i],
    }));

  test.each<[string, FixtureTensor[], number, object]>([
    ['output-major', experts([2, 512, 128], [2, 128, 256]), 256, {}],
    ['input-major', experts([2, 128, 512], [2, 256, 128]), 256, {}],
    [
      'input-major and square, as the model type tells',
      experts([2, 128, 128], [2, 64, 128]),
      64,
      { model_type: 'llama4' },
    ],
  ])('splits fused experts that lie %s', async (_, fused, features, config) => {
    const layout = await plan({ method: 'w8a8' }, fused, {}, { ...CONFIG, ...config });
    checkLayout(layout);
    expect(Object.keys(header(layout)).filter((name) => name.endsWith('weight'))).toEqual(
      [0, 1]
        .flatMap((e) => ['gate', 'up'].map((name) => `model.layers.0.mlp.experts.${e}.${name}_proj.weight`))
        .concat([0, 1].map((e) => `model.layers.0.mlp.experts.${e}.down_proj.weight`)),
    );
    expect(header(layout)['model.layers.0.mlp.experts.1.up_proj.weight'].shape).toEqual([features, 128]);
    expect(header(layout)['model.layers.0.mlp.experts.1.down_proj.weight'].shape).toEqual([128, features]);
    expect(quantization(layout).ignore).toEqual(['lm_head']);
  });

  test('names the projections of split experts as loaders of the model do', async () => {
    const fused = experts([1, 256, 128], [1, 128, 128]);
    const layout = await plan({ method: 'nvfp4a16' }, fused, {}, { ...CONFIG, model_type: 'mixtral' });
    expect(Object.keys(header(layout)).filter((name) => name.endsWith('packed'))).toEqual(
      ['w1', 'w3', 'w2'].map((name) => `model.layers.0.mlp.experts.0.${name}.weight_packed`),
    );
    // Gate and up share a global scale, whatever their names.
    expect(quantizeSteps(layout).map(({ shared }) => shared!.length)).toEqual([2, 2, 1]);
  });

  test.each<[string, FixtureTensor[], RegExp]>([
    [
      'have biases, as gpt-oss has them',
      [
        ...experts([2, 128, 512], [2, 256, 128]),
        { name: 'model.layers.0.mlp.experts.gate_up_proj_bias', dtype: 'BF16', shape: [2, 512] },
        { name: 'model.layers.0.mlp.experts.down_proj_bias', dtype: 'BF16', shape: [2, 128] },
      ],
      /biases/,
    ],
    ['lie nobody knows how', experts([2, 96, 512], [2, 256, 96]), /does not tell which way round/],
    ['do not split into gate and up', experts([2, 128, 511], [2, 255, 128]), /do not (split|divide)/],
  ])('keeps fused experts that %s, and names them to engines', async (_, fused, reason) => {
    const layout = await plan({ method: 'w4a16' }, [...MODEL, ...fused]);
    for (const { name } of fused.filter(({ shape }) => shape.length === 3))
      expect(layout.tensors.find((tensor) => tensor.name === name)).toMatchObject({
        action: 'keep',
        reason: expect.stringMatching(reason) as string,
      });
    expect(layout.warnings.some((text) => text.startsWith('THE EXPERTS STAY AS THEY ARE: 2'))).toBe(
      reason.source === 'biases',
    );
    const patterns = quantization(layout).ignore.filter((pattern) => pattern.includes('experts'));
    expect(patterns).toHaveLength(1);
    // Engines put names of their own before the layers.
    for (const prefix of ['model', 'language_model.model'])
      expect(`${prefix}.layers.0.mlp.experts.0.gate_proj`).toMatch(new RegExp(`^(?:${patterns[0].slice(3)})`));
    expect('model.layers.10.mlp.experts.0.gate_proj').not.toMatch(new RegExp(`^(?:${patterns[0].slice(3)})`));
  });

  test('keeps experts whose features are too many to be turned in constant memory', async () => {
    const wide = [{ ...experts([1, 128, 8 << 20], [])[0] }];
    const layout = await planCheckpoint(
      sourceFiles(shardedModel(wide, 1, CONFIG)),
      parseRecipe({ method: 'fp8' }),
      LIMITS,
    );
    expect(layout.tensors[0]).toMatchObject({
      action: 'keep',
      reason: expect.stringMatching(/constant memory/) as string,
    });
  });

  test('NVFP4 gives the members of a set the same ranges to share a scale over, next to each other', async () => {
    const layout = await plan({ method: 'nvfp4a16' });
    const qkv = quantizeSteps(layout).filter(({ module }) => /[qkv]_proj$/.test(module));
    expect(qkv.map(({ module }) => module.split('.').pop())).toEqual(['q_proj', 'k_proj', 'v_proj']);
    expect(new Set(qkv.map(({ shared }) => JSON.stringify(shared))).size).toBe(1);
    expect(qkv[0].shared).toHaveLength(3);
  });
});

describe('other files', () => {
  test('code, pickles and second copies stay behind, with a warning; the rest is copied', async () => {
    const more = {
      'tokenizer.json': Buffer.from('{}'),
      LICENSE: Buffer.from('text'),
      'modeling_x.py': Buffer.from('import os'),
      'pytorch_model.bin': Buffer.from('pickle'),
      'requirements.txt': Buffer.from('evil'),
      'code/inference.py': Buffer.from('import os'),
      'code/data.json': Buffer.from('{}'),
      'consolidated.safetensors': safetensorsFile([weight('layers.0.wq', 4, 4)]),
    };
    const layout = await plan({ method: 'fp8' }, MODEL, more);
    expect(layout.outputs.map(({ key }) => key)).toEqual([
      'LICENSE',
      'config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    expect(layout.warnings.join()).toMatch(/consolidated\.safetensors.*not copied/);
    expect(layout.warnings.join()).toMatch(/and 2 more files may hold code or pickles/);
  });

  test('config.json keeps its own words', async () => {
    const text =
      '{\n  "rope_theta": 10000.0,\n  "limit": Infinity,\n  "dtype": "float32",\n  "text_config": {"torch_dtype": "bfloat16"}\n}\n';
    const model = { 'config.json': Buffer.from(text), 'model.safetensors': safetensorsFile(MODEL) };
    const quantized = await planCheckpoint(sourceFiles(model), parseRecipe({ method: 'fp8' }), LIMITS);
    expect(literalOf(quantized, 'config.json').toString()).toMatch(
      /"rope_theta": 10000\.0,\n {2}"limit": Infinity,[^]*"quantization_config": \{/,
    );
    const cast = await planCheckpoint(sourceFiles(model), parseRecipe({ method: 'fp16' }), LIMITS);
    expect(literalOf(cast, 'config.json').toString()).toBe(
      text.replace('float32', 'float16').replace('bfloat16', 'float16'),
    );
  });

  test('the index is written anew', async () => {
    const files = shardedModel(MODEL, 3, CONFIG);
    const layout = await planCheckpoint(sourceFiles(files), parseRecipe({ method: 'w8a8' }), LIMITS);
    checkLayout(layout);
    const index = json<{ weight_map: Record<string, string>; metadata: { total_size: number } }>(
      layout,
      'model.safetensors.index.json',
    );
    expect(index.weight_map['model.layers.0.self_attn.q_proj.weight_scale']).toBe('model-00001-of-00003.safetensors');
    expect(Object.keys(index.weight_map)).toHaveLength(MODEL.length + 7);
    expect(index.metadata.total_size).toBe(layout.tensors.reduce((sum, { bytesAfter }) => sum + bytesAfter, 0));
  });
});

describe('refusals', () => {
  const index = (weightMap: object) => ({
    'model.safetensors.index.json': Buffer.from(JSON.stringify({ weight_map: weightMap })),
  });

  test.each([
    ['../other.safetensors', /expected the name of a \.safetensors file beside the index/],
    ['/etc/x.safetensors', /beside the index/],
    ['sub/x.safetensors', /beside the index/],
    ['x.bin', /beside the index/],
    ['absent.safetensors', /names 1 shards that are not there/],
  ])('an index that points to %s', async (shard, message) => {
    await expect(plan({ method: 'fp8' }, MODEL, index({ w: shard }))).rejects.toThrow(message);
  });

  test('an index that does not fit the shards', async () => {
    await expect(plan({ method: 'fp8' }, MODEL, index({ ghost: 'model.safetensors' }))).rejects.toThrow(
      /"ghost" is said to be in model\.safetensors/,
    );
  });

  test('a tensor in two shards', async () => {
    const files = {
      'a.safetensors': safetensorsFile([weight('x', 2, 2)]),
      'b.safetensors': safetensorsFile([weight('x', 2, 2)]),
    };
    await expect(planCheckpoint(sourceFiles(files), parseRecipe({ method: 'fp8' }), LIMITS)).rejects.toThrow(
      /"x\.weight" is also in a\.safetensors/,
    );
  });

  test('a checkpoint that is quantized already', async () => {
    await expect(plan({ method: 'fp8' }, MODEL, {}, { quantization_config: { quant_method: 'gptq' } })).rejects.toThrow(
      /quantization_config \(gptq\).*start from the unquantized/,
    );
    await expect(plan({ method: 'fp8' }, [{ name: 'a.weight', dtype: 'F8_E4M3', shape: [4, 4] }])).rejects.toThrow(
      /quantized already/,
    );
    await expect(plan({ method: 'fp8' }, [{ name: 'a.qweight', dtype: 'U8', shape: [4, 4] }])).rejects.toThrow(
      /"a\.qweight"/,
    );
  });

  test('a tensor that has the name of what another becomes', async () => {
    const clash = [weight('a', 4, 128), { name: 'a.weight_shape', dtype: 'I64', shape: [2] }];
    await expect(plan({ method: 'w4a16' }, clash)).rejects.toThrow(/"a\.weight_shape" would be in the artifact twice/);
  });

  test('settings that are no JSON, or nest too deep', async () => {
    const broken = { 'config.json': Buffer.from(`{"a":${'['.repeat(100_000)}`) };
    await expect(plan({ method: 'fp8' }, MODEL, broken)).rejects.toThrow(/config\.json: .*nesting is deeper than 64/);
  });
});

test('any damage to a checkpoint ends in a layout that holds together, or in one clear error', async () => {
  const files = shardedModel(MODEL, 2, { ...CONFIG, nested: { deep: [1, 2.5, null, 'x'] } });
  const whole = Object.fromEntries(
    Object.entries(files).map(([key, file]) => [
      key,
      file instanceof Uint8Array ? file : safetensorsFile(MODEL.slice(...(key.includes('00001-of') ? [0, 5] : [5]))),
    ]),
  );
  const random = randomNumbers(17);
  const outcomes = { planned: 0, refused: 0 };
  for (let round = 0; round < 1500; round++) {
    const damaged = { ...whole };
    const keys = Object.keys(whole);
    const key = keys[Math.floor(random() * keys.length)];
    const bytes = Buffer.from(whole[key]);
    // Weights are never read here: all damage goes to where the headers and settings are.
    const reach = Math.min(bytes.length, 1200);
    for (let change = 0; change <= random() * 4; change++)
      bytes[Math.floor(random() * reach)] =
        random() < 0.5 ? Math.floor(random() * 256) : '{}[]":,019-eF'.charCodeAt(Math.floor(random() * 13));
    damaged[key] = random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
    try {
      checkLayout(await planCheckpoint(sourceFiles(damaged), parseRecipe({ method: 'w4a16' }), LIMITS));
      outcomes.planned++;
    } catch (error) {
      expect(['InvalidModel', 'InvalidRecipe']).toContain((error as Error).name);
      outcomes.refused++;
    }
  }
  expect(outcomes.planned).toBeGreaterThan(50);
  expect(outcomes.refused).toBeGreaterThan(300);
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

describe('large models', () => {
  test('70 billion parameters in 30 shards take one read a shard', async () => {
    const files = shardedModel(llama70b(), 30, { ...CONFIG, hidden_size: 8192 });
    for (const method of ['w4a16', 'nvfp4a16', 'fp8-block']) {
      const layout = await planCheckpoint(sourceFiles(files), parseRecipe({ method }), LIMITS);
      checkLayout(layout);
      expect(layout.outputs.flatMap(({ pieces }) => pieces).length).toBeLessThan(500);
    }
    const shards = Object.values(files).filter((file) => 'reads' in file);
    expect(shards.every(({ reads }) => reads === 3)).toBe(true);
  });

  test('a trillion parameters stay within some thousand pieces', async () => {
    const files = shardedModel(mixture1t(), 160, { ...CONFIG, hidden_size: 7168 });
    const layout = await planCheckpoint(sourceFiles(files), parseRecipe({ method: 'w4a16' }), LIMITS);
    expect(layout.tensors.reduce((sum, { bytesBefore }) => sum + bytesBefore, 0)).toBeGreaterThan(2e12);
    expect(layout.outputs.flatMap(({ pieces }) => pieces).length).toBeLessThan(6000);
  });

  test('an embedding of 2 GB is split by rows', async () => {
    const huge = [weight('model.embed_tokens', 262144, 4096)];
    const recipe = { method: 'none', overrides: [{ match: 'model.embed_tokens', method: 'w4a16' }] };
    const layout = await planCheckpoint(sourceFiles(shardedModel(huge, 1, CONFIG)), parseRecipe(recipe), LIMITS);
    checkLayout(layout);
    const { pieces } = layout.outputs.find(({ key }) => key.endsWith('.safetensors'))!;
    expect(pieces.length).toBeGreaterThanOrEqual(4);
    expect(quantizeSteps(layout).map(({ emit, begin, end }) => [emit, begin, end])).toEqual([
      [['data'], 0, 65536],
      [['data'], 65536, 131072],
      [['data'], 131072, 196608],
      [['data'], 196608, 262144],
      [['scale', 'shape'], 0, 262144],
    ]);
  });

  test('matrices up to a given length are not cut, so that no scale takes a second read', async () => {
    const large = [
      weight('model.layers.0.mlp.up_proj', 28672, 8192),
      weight('model.layers.0.mlp.down_proj', 8192, 57344),
    ];
    const limits = { ...LIMITS, targetPieceBytes: 64 << 20, wholeTensorBytes: 28672 * 8192 * 2 };
    const source = sourceFiles(shardedModel(large, 1, CONFIG));
    const layout = await planCheckpoint(source, parseRecipe({ method: 'w4a16' }), limits);
    checkLayout(layout);
    const [whole, ...cut] = quantizeSteps(layout);
    expect([whole.emit, whole.begin, whole.end]).toEqual([['data', 'scale', 'shape'], 0, 28672]);
    expect(cut.map(({ emit }) => emit)).toEqual([...Array.from({ length: 15 }, () => ['data']), ['scale', 'shape']]);
    const bytes = large.reduce((sum, { shape: [rows, columns] }) => sum + rows * columns * 2, 0);
    const { pieces } = layout.outputs.find(({ key }) => key.endsWith('.safetensors'))!;
    const read = pieces.reduce((sum, { cost }) => sum + cost, 0);
    expect(read).toBeGreaterThan(bytes + 8192 * 57344 * 2);
    expect(read).toBeLessThan(bytes + 8192 * 57344 * 2 + 10_000);
  });
});
