import { kernels } from '../../../../lambda/engine/kernels';
import {
  EncodedGroup,
  encodeAsymmetric,
  encodeByMseObserver,
  encodeSymmetric,
  noiseOf,
} from '../../../../lambda/engine/kernels/oracle/groups';
import { fromBytes, OracleType, toBytes } from '../../../../lambda/engine/kernels/oracle/numbers';
import { emptyStats, place, readStats, room } from './memory';
import { randomWeights } from './random-weights';

const { run } = kernels();

const SUFFIX = { bf16: 'Bf16', f16: 'F16', f32: 'F32' } as const;
/** Weights of a case. */
const COUNT = 1536;

/** Encodes with the kernel and reads back what it wrote. */
function encode(weights: readonly number[], size: number, symmetric: boolean, type: OracleType) {
  const src = place(toBytes(weights, type)).ptr;
  const groups = weights.length / size;
  const [data, scales, points] = [room(weights.length / 2), room(groups * (type === 'f32' ? 4 : 2)), room(groups)];
  const stats = emptyStats();
  points.view.fill(0);
  if (symmetric) run[`int4Groups${SUFFIX[type]}`](src, groups, size, data.ptr, scales.ptr, stats.ptr);
  else run[`int4GroupsAsymmetric${SUFFIX[type]}`](src, groups, size, data.ptr, scales.ptr, points.ptr, stats.ptr);
  const scale = fromBytes(scales.view, type);
  const decoded: EncodedGroup[] = Array.from({ length: groups }, (_, g) => ({
    scale: scale[g],
    zeroPoint: (points.view[g] << 24) >> 24,
    codes: Array.from({ length: size }, (__, i) => ((data.view[(g * size + i) >> 1] >> (4 * (i & 1))) & 15) - 8),
  }));
  return { decoded, stats: readStats(stats) };
}

const CASES = (['bf16', 'f16', 'f32'] as const).flatMap((type) =>
  [true, false].flatMap((symmetric) =>
    [false, true].flatMap((heavyTails) => [32, 128].map((size) => ({ type, symmetric, heavyTails, size }))),
  ),
);

describe('int4 scales of least error', () => {
  test.each(CASES)(
    '$type, symmetric $symmetric, heavy tails $heavyTails, groups of $size',
    ({ type, symmetric, heavyTails, size }) => {
      const weights = randomWeights(size, COUNT, type, heavyTails);
      const groups = Array.from({ length: COUNT / size }, (_, g) => weights.slice(g * size, (g + 1) * size));
      const { decoded, stats } = encode(weights, size, symmetric, type);
      const noise = decoded.map((group, g) => noiseOf(groups[g], group));
      const nearest = groups.map((group) =>
        noiseOf(group, symmetric ? encodeSymmetric(group, 4, type, type) : encodeAsymmetric(group, type)),
      );
      const observer = encodeByMseObserver(groups, symmetric, type).map((group, g) => noiseOf(groups[g], group));
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
      noise.forEach((value, g) => expect(value).toBeLessThanOrEqual(nearest[g] * 1.00001));
      expect(sum(noise)).toBeLessThan(sum(nearest) * 0.97);
      expect(sum(noise)).toBeLessThanOrEqual(sum(observer));
      expect(stats[1] / sum(noise)).toBeCloseTo(1, 4);
      expect(stats[0] / sum(weights.map((w) => w * w))).toBeCloseTo(1, 4);
      expect(stats[2]).toBe(
        decoded.reduce((n, { codes, zeroPoint }) => n + codes.filter((c) => c === zeroPoint).length, 0),
      );
    },
  );

  test.each(['bf16', 'f16', 'f32'] as const)(
    'groups without weight, of one value, and tiny or huge ones stay usable, %s',
    (type) => {
      const size = 32;
      const values = [0, 0.5, -0.5, 2 ** -14, type === 'f16' ? 60000 : 1e30, type === 'f16' ? 2 ** -24 : 2 ** -133];
      const weights = values.flatMap((value) => Array.from({ length: size }, () => value));
      for (const symmetric of [true, false]) {
        const { decoded } = encode(toBytesAndBack(weights, type), size, symmetric, type);
        decoded.forEach((group, g) => {
          const exact = toBytesAndBack([values[g]], type)[0];
          expect(group.scale).toBeGreaterThan(0);
          expect(Number.isFinite(group.scale)).toBe(true);
          expect(Math.abs((group.codes[0] - group.zeroPoint) * group.scale - exact)).toBeLessThanOrEqual(
            // Below the smallest scale that the type has, all that is left is zero.
            Math.abs(exact) * (Math.abs(exact) < 2 ** -20 ? 1 : 0.51),
          );
        });
      }
    },
  );
});

function toBytesAndBack(values: readonly number[], type: OracleType): number[] {
  return [
    ...fromBytes(
      toBytes(
        [...values].map((value) => Math.fround(value)),
        type,
      ),
      type,
    ),
  ];
}
