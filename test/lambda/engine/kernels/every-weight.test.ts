import { kernels } from '../../../../lambda/engine/kernels';
import { encodeAsymmetric, encodeSymmetric } from '../../../../lambda/engine/kernels/oracle/groups';
import { fromBytes, OracleType, roundTo, toBytes } from '../../../../lambda/engine/kernels/oracle/numbers';
import {
  absmaxOf,
  encodeE4m3,
  encodeE4m3With,
  mxExponent,
} from '../../../../lambda/engine/kernels/oracle/small-floats';
import { emptyStats, place, readStats, room } from './memory';
import { randomWeights } from './random-weights';

const { run } = kernels();

/** Types with the exponents from their smallest subnormal number to one that leaves room for a row's spread. */
const EXACT = [
  { type: 'bf16', suffix: 'Bf16Exact', plain: 'Bf16Exact', lowest: -133, highest: 120 },
  { type: 'f16', suffix: 'F16Exact', plain: 'F16Exact', lowest: -24, highest: 12 },
  { type: 'f32', suffix: 'F32Exact', plain: 'F32', lowest: -149, highest: 120 },
] as const;

const sizeOf = (type: OracleType) => (type === 'f32' ? 4 : 2);
const flat = <T>(rows: readonly (readonly T[])[]) => rows.flatMap((row) => [...row]);

/** Every bf16 magnitude in `binades` powers of two up to `largest`, with alternating signs, and the zeros. */
function everyBf16(largest: number, binades: number): number[] {
  const values = [largest, 0, -0];
  const top = Math.floor(Math.log2(largest));
  for (let exponent = top; exponent > top - binades; exponent--) {
    for (let mantissa = 128; mantissa < 256; mantissa++) {
      const value = mantissa * 2 ** (exponent - 7);
      if (value < largest) values.push(mantissa % 2 === 0 ? value : -value);
    }
  }
  return values;
}

test('every bf16 weight is encoded as a division would, whatever the mantissa of its scale', () => {
  for (let mantissa = 128; mantissa < 256; mantissa++) {
    // Down to what every format rounds to zero for some scales, the two largest powers of two for all.
    const weights = everyBf16(mantissa * 2 ** -9, mantissa % 32 === 1 ? 20 : 2);
    const length = weights.length;
    const src = place(toBytes(weights, 'bf16')).ptr;
    const [data, scales] = [room(length), room(2)];
    run.int8RunsBf16Exact(src, 1, length, 0, data.ptr, scales.ptr, emptyStats().ptr);
    expect([...new Int8Array(data.view.slice().buffer)]).toEqual(encodeSymmetric(weights, 8, 'bf16', 'bf16').codes);
    const stats = emptyStats();
    run.fp8RunsBf16Exact(src, 1, length, data.ptr, scales.ptr, stats.ptr);
    const { codes, decoded } = encodeE4m3(weights, 'bf16', 'bf16');
    expect([...data.view]).toEqual(codes);
    expect(readStats(stats)[2]).toBe(decoded.filter((value) => value === 0).length);
  }
});

describe.each(EXACT)('$type weights from the smallest to the largest', ({ type, suffix, plain, lowest, highest }) => {
  // More groups than are worked on together; every fifth is zero, and each has some zeros.
  const GROUPS = 131;
  const SIZE = 32;
  const groups = Array.from({ length: GROUPS }, (_, g) => {
    const deviation = 2 ** (lowest + ((highest - lowest) * g) / (GROUPS - 1));
    return randomWeights(g, SIZE, type, true, deviation).map((w, i) =>
      g % 5 === 4 || i % 7 === 3 || !Number.isFinite(roundTo(w, type)) ? (i % 2 === 0 ? 0 : -0) : w,
    );
  });
  const weights = flat(groups);
  const src = place(toBytes(weights, type)).ptr;

  test('int4 groups', () => {
    const [data, scales] = [room(weights.length / 2), room(GROUPS * sizeOf(type))];
    const nibbles = () => [...data.view].flatMap((byte) => [(byte & 15) - 8, (byte >> 4) - 8]);
    run[`int4Groups${suffix}`](src, GROUPS, SIZE, data.ptr, scales.ptr, emptyStats().ptr);
    const symmetric = groups.map((group) => encodeSymmetric(group, 4, type, type));
    expect([...fromBytes(scales.view, type)]).toEqual(symmetric.map(({ scale }) => scale));
    expect(nibbles()).toEqual(flat(symmetric.map(({ codes }) => codes)));
    const points = room(GROUPS);
    const stats = emptyStats().ptr;
    run[`int4GroupsAsymmetric${suffix}`](src, GROUPS, SIZE, data.ptr, scales.ptr, points.ptr, stats);
    const asymmetric = groups.map((group) => encodeAsymmetric(group, type));
    expect([...fromBytes(scales.view, type)]).toEqual(asymmetric.map(({ scale }) => scale));
    expect([...new Int8Array(points.view.slice().buffer)]).toEqual(asymmetric.map(({ zeroPoint }) => zeroPoint + 0));
    expect(nibbles()).toEqual(flat(asymmetric.map(({ codes }) => codes)));
  });

  test('int8 and e4m3 rows, and microscaling groups', () => {
    const [data, scales] = [room(weights.length), room(GROUPS * sizeOf(type))];
    run[`int8Runs${plain}`](src, GROUPS, SIZE, 0, data.ptr, scales.ptr, emptyStats().ptr);
    const int8 = groups.map((group) => encodeSymmetric(group, 8, type, type));
    expect([...new Int8Array(data.view.slice().buffer)]).toEqual(flat(int8.map(({ codes }) => codes)));
    run[`fp8Runs${plain}`](src, GROUPS, SIZE, data.ptr, scales.ptr, emptyStats().ptr);
    expect([...data.view]).toEqual(flat(groups.map((group) => encodeE4m3(group, type, type).codes)));
    const exponents = room(GROUPS);
    run[`mxfp8Groups${plain}`](src, GROUPS, data.ptr, exponents.ptr, emptyStats().ptr);
    const expected = groups.map((group) => mxExponent(absmaxOf(group), 8, type));
    expect([...exponents.view]).toEqual(expected);
    const codes = groups.map((group, g) => encodeE4m3With(group, 2 ** (expected[g] - 127), type).codes);
    expect([...data.view]).toEqual(flat(codes));
  });

  test('e4m3 blocks of rows with more blocks than are worked on together', () => {
    const columns = 64 * 128 + 133;
    const rows = [1, 2].map((seed) => randomWeights(seed, columns, type, true));
    const across = Math.ceil(columns / 128);
    const [data, scales] = [room(columns * 2), room(across * sizeOf(type))];
    const matrix = place(toBytes(flat(rows), type)).ptr;
    run[`fp8Blocks${plain}`](matrix, 2, columns, data.ptr, scales.ptr, emptyStats().ptr);
    const actual = fromBytes(scales.view, type);
    for (let block = 0; block < across; block++) {
      const [left, right] = [block * 128, Math.min(columns, block * 128 + 128)];
      const expected = encodeE4m3(flat(rows.map((row) => row.slice(left, right))), type, type);
      expect(actual[block]).toBe(expected.scale);
      expect([...data.view.subarray(left, right), ...data.view.subarray(columns + left, columns + right)]).toEqual(
        expected.codes,
      );
    }
  });
});
