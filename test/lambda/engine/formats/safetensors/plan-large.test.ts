import { planCheckpoint } from '../../../../../lambda/engine/formats/safetensors/plan-checkpoint';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { LIMITS, sourceFiles } from './fixtures';
import { llama70b, mixture1t, shardedModel } from './large-models';
import { checkLayout, CONFIG, quantizeSteps, weight } from './planned-layout';

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
