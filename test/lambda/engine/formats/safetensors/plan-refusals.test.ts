import { planCheckpoint } from '../../../../../lambda/engine/formats/safetensors/plan-checkpoint';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { LIMITS, randomNumbers, safetensorsFile, sourceFiles } from './fixtures';
import { shardedModel } from './large-models';
import { checkLayout, CONFIG, MODEL, plan, weight } from './planned-layout';

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
