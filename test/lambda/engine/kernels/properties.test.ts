import { kernels } from '../../../../lambda/engine/kernels';
import { encodeAsymmetric, encodeSymmetric } from '../../../../lambda/engine/kernels/oracle/groups';
import {
  bitsOf,
  fromBytes,
  OracleType,
  roundHalfEven,
  roundTo,
  toBytes,
} from '../../../../lambda/engine/kernels/oracle/numbers';
import {
  absmaxOf,
  encodeE2m1With,
  encodeE4m3,
  encodeE4m3With,
  mxExponent,
  nearestCode,
  E4M3,
} from '../../../../lambda/engine/kernels/oracle/small-floats';
import { emptyStats, place, readStats, room } from './memory';
import { randomWeights } from './random-weights';

const { run } = kernels();

const TYPES = ['bf16', 'f16', 'f32'] as const;
const LENGTHS = [1, 3, 4, 7, 15, 16, 17, 31, 33, 100, 2047, 2049, 4100];
const sizeOf = (type: OracleType) => (type === 'f32' ? 4 : 2);

/** The kernels' suffixes for a type, and what quotients are rounded to there. */
function variants(type: OracleType) {
  if (type === 'f32') return [{ suffix: 'F32' as const, quotient: 'f32' as const }];
  return type === 'bf16'
    ? [
        { suffix: 'Bf16' as const, quotient: 'f32' as const },
        { suffix: 'Bf16Exact' as const, quotient: 'bf16' as const },
      ]
    : [
        { suffix: 'F16' as const, quotient: 'f32' as const },
        { suffix: 'F16Exact' as const, quotient: 'f16' as const },
      ];
}

function rowsOf(values: readonly number[], columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

function expectStats(actual: [number, number, number], weights: readonly number[], decoded: readonly number[]) {
  const signal = weights.reduce((sum, w) => sum + w * w, 0);
  const noise = weights.reduce((sum, w, i) => sum + (w - decoded[i]) ** 2, 0);
  expect(actual[0] / signal).toBeCloseTo(1, 4);
  if (noise === 0) expect(actual[1]).toBe(0);
  else expect(Math.abs(actual[1] - noise)).toBeLessThan(noise * 1e-3 + signal * 1e-12);
  expect(actual[2]).toBe(decoded.filter((value) => value === 0).length);
}

const CASES = TYPES.flatMap((type) => variants(type).map((variant) => ({ type, ...variant })));

describe.each(CASES)('kernels with suffix $suffix equal the plain definition', ({ type, suffix, quotient }) => {
  test.each(LENGTHS)('int8 with own scales, rows of %d', (columns) => {
    const weights = randomWeights(columns, columns * 3, type);
    const [data, scales, stats] = [room(columns * 3), room(3 * sizeOf(type)), emptyStats()];
    const absmax = run[`int8Runs${suffix}`](
      place(toBytes(weights, type)).ptr,
      3,
      columns,
      0x80,
      data.ptr,
      scales.ptr,
      stats.ptr,
    );
    const expected = rowsOf(weights, columns).map((row) => encodeSymmetric(row, 8, type, quotient));
    expect([...fromBytes(scales.view, type)]).toEqual(expected.map(({ scale }) => scale));
    expect([...data.view]).toEqual(expected.flatMap(({ codes }) => codes.map((code) => code + 128)));
    expectStats(
      readStats(stats),
      weights,
      expected.flatMap(({ codes, scale }) => codes.map((code) => code * scale)),
    );
    const largest = absmaxOf(weights);
    expect(absmax).toBe(type === 'f32' ? new Uint32Array(Float32Array.of(largest).buffer)[0] : bitsOf(largest, type));
  });

  test.each(LENGTHS)('int8 with given scales, rows of %d', (columns) => {
    const weights = randomWeights(columns + 1, columns * 2, type);
    const given = [0.0001, 0.0007].map((scale) => roundTo(scale, type));
    const [data, stats] = [room(columns * 2), emptyStats()];
    const scales = place(new Uint8Array(Float32Array.from(given).buffer));
    run[`int8Rows${suffix}`](place(toBytes(weights, type)).ptr, 2, columns, scales.ptr, -127, data.ptr, stats.ptr);
    const codes = rowsOf(weights, columns).map((row, r) =>
      row.map((w) => roundHalfEven(Math.min(Math.max(roundTo(w / given[r], quotient), -127), 127)) + 0),
    );
    expect([...new Int8Array(data.view.slice().buffer)]).toEqual(codes.flat());
    expectStats(
      readStats(stats),
      weights,
      codes.flatMap((row, r) => row.map((code) => code * given[r])),
    );
  });

  test.each(LENGTHS)('e4m3 rows of %d', (columns) => {
    const weights = randomWeights(columns + 2, columns * 2, type, true);
    const [data, scales, stats] = [room(columns * 2), room(2 * sizeOf(type)), emptyStats()];
    run[`fp8Runs${suffix}`](place(toBytes(weights, type)).ptr, 2, columns, data.ptr, scales.ptr, stats.ptr);
    const expected = rowsOf(weights, columns).map((row) => encodeE4m3(row, type, quotient));
    expect([...fromBytes(scales.view, type)]).toEqual(expected.map(({ scale }) => scale));
    expect([...data.view]).toEqual(expected.flatMap(({ codes }) => codes));
    expectStats(
      readStats(stats),
      weights,
      expected.flatMap(({ decoded }) => decoded),
    );
  });

  test.each([
    [1, 1],
    [128, 128],
    [129, 127],
    [130, 260],
  ])('e4m3 blocks of %d x %d', (rows, columns) => {
    const weights = randomWeights(rows, rows * columns, type);
    const [down, across] = [Math.ceil(rows / 128), Math.ceil(columns / 128)];
    const [data, scales, stats] = [room(rows * columns), room(down * across * sizeOf(type)), emptyStats()];
    run[`fp8Blocks${suffix}`](place(toBytes(weights, type)).ptr, rows, columns, data.ptr, scales.ptr, stats.ptr);
    const actual = fromBytes(scales.view, type);
    const matrix = rowsOf(weights, columns);
    for (let block = 0; block < down * across; block++) {
      const top = Math.floor(block / across) * 128;
      const left = (block % across) * 128;
      const members = matrix.slice(top, top + 128).map((row) => row.slice(left, left + 128));
      const expected = encodeE4m3(members.flat(), type, quotient);
      expect(actual[block]).toBe(expected.scale);
      const codes = members.flatMap((row, r) => [
        ...data.view.subarray((top + r) * columns + left, (top + r) * columns + left + row.length),
      ]);
      expect(codes).toEqual(expected.codes);
    }
    expect(readStats(stats)[0] / weights.reduce((sum, w) => sum + w * w, 0)).toBeCloseTo(1, 4);
  });

  test.each([0.5, 20, 1e-3])('microscaling groups, weights around %d', (deviation) => {
    const weights = randomWeights(5, 32 * 20, type, true, deviation);
    const groups = rowsOf(weights, 32);
    const src = place(toBytes(weights, type)).ptr;
    const [data8, data4, scales8, scales4, stats8, stats4] = [
      room(640),
      room(320),
      room(20),
      room(20),
      emptyStats(),
      emptyStats(),
    ];
    run[`mxfp8Groups${suffix}`](src, 20, data8.ptr, scales8.ptr, stats8.ptr);
    run[`mxfp4Groups${suffix}`](src, 20, data4.ptr, scales4.ptr, stats4.ptr);
    const exponents = (offset: number) => groups.map((group) => mxExponent(absmaxOf(group), offset, type));
    expect([...scales8.view]).toEqual(exponents(8));
    expect([...scales4.view]).toEqual(exponents(2));
    const expected8 = groups.map((group, g) => encodeE4m3With(group, 2 ** (exponents(8)[g] - 127), quotient));
    const expected4 = groups.map((group, g) => encodeE2m1With(group, 2 ** (exponents(2)[g] - 127), quotient));
    expect([...data8.view]).toEqual(expected8.flatMap(({ codes }) => codes));
    expect([...data4.view].flatMap((byte) => [byte & 15, byte >> 4])).toEqual(expected4.flatMap(({ codes }) => codes));
    expectStats(
      readStats(stats8),
      weights,
      expected8.flatMap(({ decoded }) => decoded),
    );
    expectStats(
      readStats(stats4),
      weights,
      expected4.flatMap(({ decoded }) => decoded),
    );
  });

  test.each([1, 300, 40_000])('NVFP4 groups under a global scale of %d', (global) => {
    const weights = randomWeights(6, 16 * 30, type, true);
    const [data, scales, stats] = [room(240), room(30), emptyStats()];
    run[`nvfp4Groups${suffix}`](place(toBytes(weights, type)).ptr, 30, global, data.ptr, scales.ptr, stats.ptr);
    const expected = rowsOf(weights, 16).map((group) => {
      const encodedBy = (rounded: OracleType) => {
        const local = Math.fround(global * roundTo(absmaxOf(group) / 6, rounded));
        const scale = E4M3[nearestCode(Math.min(local, 448), E4M3)] || 0.125;
        return { code: nearestCode(scale, E4M3), ...encodeE2m1With(group, Math.fround(scale / global), 'f32') };
      };
      const reference = encodedBy(type);
      if (suffix.endsWith('Exact')) return reference;
      const own = encodedBy('f32');
      const noise = ({ decoded }: typeof own) => group.reduce((sum, w, i) => sum + (w - decoded[i]) ** 2, 0);
      return noise(reference) < noise(own) ? reference : own;
    });
    expect([...scales.view]).toEqual(expected.map(({ code }) => code));
    expect([...data.view].flatMap((byte) => [byte & 15, byte >> 4])).toEqual(expected.flatMap(({ codes }) => codes));
    expectStats(
      readStats(stats),
      weights,
      expected.flatMap(({ decoded }) => decoded),
    );
  });
});

describe.each(['bf16', 'f16'] as const)('small floats of %s: best has never more error than exact', (type) => {
  const [best, exact] = ({ bf16: ['Bf16', 'Bf16Exact'], f16: ['F16', 'F16Exact'] } as const)[type];
  // From subnormal numbers to the largest.
  const DEVIATIONS = type === 'f16' ? [2 ** -23, 2 ** -16, 0.02, 900] : [2 ** -131, 2 ** -60, 0.02, 2 ** 50];
  const COLUMNS = 256;
  const ROWS = 24;

  test.each(DEVIATIONS.flatMap((deviation) => [true, false].map((heavyTails) => ({ deviation, heavyTails }))))(
    'deviation $deviation, heavy tails $heavyTails',
    ({ deviation, heavyTails }) => {
      const weights = randomWeights(9, ROWS * COLUMNS, type, heavyTails, deviation);
      // With a row of zeros, and one of equal weights.
      weights.fill(0, 0, COLUMNS).fill(weights[COLUMNS], COLUMNS, 2 * COLUMNS);
      const src = place(toBytes(weights, type)).ptr;
      const [data, scales] = [room(ROWS * COLUMNS), room(ROWS * COLUMNS)];
      const noiseOf = (encode: (to: number, scale: number, stats: number) => number) => {
        const stats = emptyStats();
        encode(data.ptr, scales.ptr, stats.ptr);
        return readStats(stats)[1];
      };
      const global = Math.min(Math.fround(2688 / absmaxOf(weights)), 2 ** 127);
      for (let row = 0; row < ROWS; row++) {
        const at = src + row * COLUMNS * 2;
        const noises = [best, exact].map((suffix) => ({
          fp8: noiseOf((to, scale, stats) => run[`fp8Runs${suffix}`](at, 1, COLUMNS, to, scale, stats)),
          blocks: noiseOf((to, scale, stats) => run[`fp8Blocks${suffix}`](at, 1, COLUMNS, to, scale, stats)),
          nvfp4: noiseOf((to, scale, stats) => run[`nvfp4Groups${suffix}`](at, COLUMNS / 16, global, to, scale, stats)),
          mxfp4: noiseOf((to, scale, stats) => run[`mxfp4Groups${suffix}`](at, COLUMNS / 32, to, scale, stats)),
          mxfp8: noiseOf((to, scale, stats) => run[`mxfp8Groups${suffix}`](at, COLUMNS / 32, to, scale, stats)),
        }));
        // The sums are of f32, which may be off by a millionth.
        const more = Object.entries(noises[1]).filter(([recipe, least]) => {
          const noise = noises[0][recipe as keyof (typeof noises)[0]];
          return !(noise <= least * (1 + 1e-6));
        });
        expect([row, more]).toEqual([row, []]);
      }
    },
  );
});

describe.each(TYPES)('exact int4 on %s equals the plain definition', (type) => {
  const suffix = ({ bf16: 'Bf16Exact', f16: 'F16Exact', f32: 'F32Exact' } as const)[type];

  test.each([16, 32, 48, 1024])('groups of %d', (size) => {
    const weights = randomWeights(size, size * 6, type, true);
    const groups = rowsOf(weights, size);
    const src = place(toBytes(weights, type)).ptr;
    const [data, scales, points, stats] = [room(size * 3), room(6 * sizeOf(type)), room(6), emptyStats()];
    const nibbles = () => [...data.view].flatMap((byte) => [(byte & 15) - 8, (byte >> 4) - 8]);
    run[`int4Groups${suffix}`](src, 6, size, data.ptr, scales.ptr, stats.ptr);
    const symmetric = groups.map((group) => encodeSymmetric(group, 4, type, type));
    expect([...fromBytes(scales.view, type)]).toEqual(symmetric.map(({ scale }) => scale));
    expect(nibbles()).toEqual(symmetric.flatMap(({ codes }) => codes));
    expectStats(
      readStats(stats),
      weights,
      symmetric.flatMap(({ codes, scale }) => codes.map((code) => code * scale)),
    );
    stats.view.fill(0);
    run[`int4GroupsAsymmetric${suffix}`](src, 6, size, data.ptr, scales.ptr, points.ptr, stats.ptr);
    const asymmetric = groups.map((group) => encodeAsymmetric(group, type));
    expect([...fromBytes(scales.view, type)]).toEqual(asymmetric.map(({ scale }) => scale));
    expect([...new Int8Array(points.view.slice().buffer)]).toEqual(asymmetric.map(({ zeroPoint }) => zeroPoint + 0));
    expect(nibbles()).toEqual(asymmetric.flatMap(({ codes }) => codes));
    expectStats(
      readStats(stats),
      weights,
      asymmetric.flatMap(({ codes, scale, zeroPoint }) => codes.map((code) => (code - zeroPoint) * scale)),
    );
  });
});

test.each([1, 7, 8, 9, 23])('zero points of %d rows are packed along the rows', (rows) => {
  const points = Array.from({ length: rows * 3 }, (_, i) => ((i * 7) % 16) - 8);
  const packed = room(Math.ceil(rows / 8) * 12);
  run.packZeroPoints(place(new Uint8Array(Int8Array.from(points).buffer)).ptr, rows, 3, packed.ptr);
  const words = new Uint32Array(packed.view.slice().buffer);
  for (let row = 0; row < Math.ceil(rows / 8) * 8; row++) {
    for (let group = 0; group < 3; group++) {
      const expected = row < rows ? points[row * 3 + group] + 8 : 0;
      expect((words[(row >> 3) * 3 + group] >>> (4 * (row & 7))) & 15).toBe(expected);
    }
  }
});
