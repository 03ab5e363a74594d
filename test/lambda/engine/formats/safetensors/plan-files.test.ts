import { planCheckpoint } from '../../../../../lambda/engine/formats/safetensors/plan-checkpoint';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { LIMITS, safetensorsFile, sourceFiles } from './fixtures';
import { shardedModel } from './large-models';
import { checkLayout, CONFIG, json, literalOf, MODEL, plan, weight } from './planned-layout';

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
