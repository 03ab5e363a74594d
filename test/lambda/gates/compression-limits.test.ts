import { Manifest, ManifestTensor } from '../../../lambda/engine/manifest';
import { checkCompression, Limits } from '../../../lambda/gates/compression-limits';

const tensor = (name: string, relativeError?: number | null): ManifestTensor =>
  ({ name, relativeError }) as ManifestTensor;

/** Nine tensors with errors from 0.01 to 0.09, one that was kept. */
const manifest = {
  totals: { bytesBefore: 4000, bytesAfter: 1000, relativeError: 0.05, sparsity: 0.5 },
  tensors: [...Array.from({ length: 9 }, (_, n) => tensor(`layer.${n + 1}`, (n + 1) / 100)), tensor('norm')],
} as unknown as Manifest;

const check = (limits: Limits): string[] => checkCompression(manifest, limits);

test('limits that are kept to the last digit say nothing', () => {
  expect(
    check({
      maxRelativeError: 0.05,
      minSqnrDb: 26.02,
      maxTensorRelativeError: 0.09,
      minTensorSqnrDb: 20.91,
      minSparsity: 0.5,
      maxSparsity: 0.5,
      maxBytes: 1000,
      minCompressionRatio: 4,
    }),
  ).toEqual([]);
  expect(check({})).toEqual([]);
});

test.each<[Limits, string]>([
  [{ maxRelativeError: 0.04 }, 'relative error of the whole model: 0.05; at most 0.04 is allowed'],
  [{ minSqnrDb: 30 }, 'SQNR of the whole model, in dB: 26.02; at least 30 is allowed'],
  [
    { maxTensorRelativeError: 0.07 },
    'relative error of 2 of 9 tensors: layer.9 0.09, layer.8 0.08; at most 0.07 is allowed',
  ],
  [
    { maxTensorRelativeError: 0.01 },
    'relative error of 8 of 9 tensors: layer.9 0.09, layer.8 0.08, layer.7 0.07, layer.6 0.06, layer.5 0.05, and 3 more; at most 0.01 is allowed',
  ],
  [{ minTensorSqnrDb: 21 }, 'SQNR in dB of 1 of 9 tensors: layer.9 20.92; at least 21 is allowed'],
  [
    { maxTensorRelativeError: 0.08, ignoredTensors: ['layer.1', 're:layer\\.[5-7]'] },
    'relative error of 1 of 5 tensors: layer.9 0.09; at most 0.08 is allowed',
  ],
  [{ minSparsity: 0.51 }, 'sparsity: 0.5; at least 0.51 is allowed'],
  [{ maxSparsity: 0.49 }, 'sparsity: 0.5; at most 0.49 is allowed'],
  [{ maxBytes: 999 }, 'size in bytes: 1000; at most 999 is allowed'],
  [{ minCompressionRatio: 4.1 }, 'compression ratio: 4; at least 4.1 is allowed'],
])('%j is not kept', (limits, breach) => expect(check(limits)).toEqual([breach]));

test('every limit that is not kept is told', () => {
  expect(check({ maxRelativeError: 0.01, maxBytes: 1, minSparsity: 1 })).toHaveLength(3);
});

test('tensors that are ignored may be as bad as they are', () => {
  expect(check({ maxTensorRelativeError: 0.08, ignoredTensors: ['layer.9'] })).toEqual([]);
});

test('an error without a bound, which JSON cannot hold, exceeds every limit', () => {
  const broken = JSON.parse(
    JSON.stringify({ totals: { ...manifest.totals, relativeError: Infinity }, tensors: [tensor('zero', Infinity)] }),
  ) as Manifest;
  expect(checkCompression(broken, { maxRelativeError: 1, maxTensorRelativeError: 1, minSqnrDb: 0 })).toEqual([
    'relative error of the whole model: Infinity; at most 1 is allowed',
    'SQNR of the whole model, in dB: -Infinity; at least 0 is allowed',
    'relative error of 1 of 1 tensors: zero Infinity; at most 1 is allowed',
  ]);
});

test('a model without any error has no bound on its SQNR', () => {
  const exact = {
    totals: { ...manifest.totals, relativeError: 0 },
    tensors: [tensor('same', 0)],
  } as unknown as Manifest;
  expect(checkCompression(exact, { minSqnrDb: 300, minTensorSqnrDb: 300 })).toEqual([]);
});
