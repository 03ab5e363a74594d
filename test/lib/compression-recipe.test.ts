import { METHODS, parseRecipe } from '../../lambda/engine/recipe';
import { CompressionMode, CompressionRecipe, Pruning, QuantFormat } from '../../lib';

const factories: [string, () => CompressionRecipe][] = [
  ['int8', () => CompressionRecipe.int8()],
  ['int4', () => CompressionRecipe.int4()],
  ['int8-dynamic', () => CompressionRecipe.int8Dynamic()],
  ['fp16', () => CompressionRecipe.fp16()],
  ['bf16', () => CompressionRecipe.bf16()],
  ['w8a8', () => CompressionRecipe.w8a8()],
  ['w8a16', () => CompressionRecipe.w8a16()],
  ['w4a16', () => CompressionRecipe.w4a16()],
  ['w4a16-asym', () => CompressionRecipe.w4a16Asymmetric()],
  ['fp8', () => CompressionRecipe.fp8()],
  ['fp8-block', () => CompressionRecipe.fp8Block()],
  ['nvfp4a16', () => CompressionRecipe.nvfp4a16()],
  ['mxfp4a16', () => CompressionRecipe.mxfp4a16()],
  ['mxfp8', () => CompressionRecipe.mxfp8()],
];

test.each(factories)('%s is what the functions understand', (method, make) => {
  expect(parseRecipe(make()._render())).toEqual({ method, mode: 'best' });
});

test('every method of the functions has a factory', () => {
  expect(new Set([...factories.map(([method]) => method), 'none'])).toEqual(new Set(METHODS));
});

test('all options together are what the functions understand', () => {
  const recipe = CompressionRecipe.w4a16({ groupSize: 64 })
    .withPruning(Pruning.twoOfFour())
    .withMode(CompressionMode.EXACT)
    .withQuantFormat(QuantFormat.QDQ)
    .withIgnore('lm_head', 're:.*gate$')
    .withOverrides({ match: 're:.*down', recipe: CompressionRecipe.w8a16({ groupSize: 32 }) });
  expect(parseRecipe(recipe._render())).toEqual({
    method: 'w4a16',
    mode: 'exact',
    prune: '2:4',
    groupSize: 64,
    quantFormat: 'QDQ',
    ignore: ['lm_head', 're:.*gate$'],
    overrides: [{ match: 're:.*down', method: 'w8a16', groupSize: 32 }],
  });
  expect(parseRecipe(CompressionRecipe.none().withPruning(Pruning.magnitude(0.5))._render())).toEqual({
    method: 'none',
    mode: 'best',
    prune: 0.5,
  });
});

test('recipes are immutable', () => {
  const plain = CompressionRecipe.int8();
  plain.withPruning(Pruning.magnitude(0.5)).withMode(CompressionMode.EXACT);
  expect(plain._render()).toEqual({ method: 'int8' });
});

test.each<[string, () => unknown, string]>([
  ['a share of 1', () => Pruning.magnitude(1), 'more than 0 and less than 1, received: 1'],
  ['a share of nothing', () => Pruning.magnitude(NaN), 'received: NaN'],
  [
    'a group of 100',
    () => CompressionRecipe.w4a16({ groupSize: 100 }),
    'a multiple of 16 from 16 to 1024, received: 100',
  ],
  ['an unknown method', () => CompressionRecipe.of('int3'), 'must be one of none, int8'],
  ['a bad pattern', () => CompressionRecipe.int8().withIgnore('re:('), 'not a regular expression: re:('],
  ['an empty pattern', () => CompressionRecipe.int8().withIgnore(''), 'must not be empty'],
  [
    'a form of four-bit weights without them',
    () => CompressionRecipe.int8().withQuantFormat(QuantFormat.QDQ)._render(),
    'quantFormat is for w4a16 and w4a16-asym, received it with: int8',
  ],
  ['nothing to do', () => CompressionRecipe.none()._render(), 'This recipe does nothing'],
])('refuses %s', (_, make, message) => {
  expect(make).toThrow(message);
});
