import { planCheckpoint } from '../../../../../lambda/engine/formats/safetensors/plan-checkpoint';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { FixtureTensor, LIMITS, sourceFiles } from './fixtures';
import { shardedModel } from './large-models';
import { checkLayout, CONFIG, header, MODEL, plan, quantization, quantizeSteps } from './planned-layout';

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
