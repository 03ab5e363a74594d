import { kernels } from '../../../../lambda/engine/kernels';
import {
  bitsOf,
  fromBytes,
  OracleType,
  roundHalfEven,
  roundTo,
  toBytes,
  valueOf,
} from '../../../../lambda/engine/kernels/oracle/numbers';
import { emptyStats, place, readStats, room } from './memory';
import { randomWeights } from './random-weights';

const { run } = kernels();

describe('numbers that are not finite show in the largest magnitude', () => {
  const FIRST = { bf16: 0x7f80, f16: 0x7c00, f32: 0x7f800000 } as const;

  /** Bytes of 64 weights, one of them with these magnitude bits. */
  function withBits(type: OracleType, at: number, bits: number): Uint8Array {
    const bytes = toBytes(randomWeights(1, 64, type), type);
    const view = new DataView(bytes.buffer);
    if (type === 'f32') view.setUint32(at * 4, bits, true);
    else view.setUint16(at * 2, bits, true);
    return bytes;
  }

  const CASES = (['bf16', 'f16', 'f32'] as const).flatMap((type) => {
    const top = type === 'f32' ? 0x80000000 : 0x8000;
    return [0, 1].flatMap((extra) => [0, top].map((sign) => ({ type, extra, bits: FIRST[type] + extra + sign })));
  });

  test.each(CASES)('$type, bits $bits', ({ type, bits, extra }) => {
    const name = ({ bf16: 'Bf16', f16: 'F16', f32: 'F32' } as const)[type];
    const [data, scales, points, stats] = [room(256), room(256), room(64), emptyStats().ptr];
    for (const at of [0, 37, 63]) {
      const src = place(withBits(type, at, bits)).ptr;
      const largest = [
        run[`int8Runs${name}`](src, 1, 64, 0, data.ptr, scales.ptr, stats),
        run[`fp8Runs${name}`](src, 1, 64, data.ptr, scales.ptr, stats),
        run[`fp8Blocks${name}`](src, 4, 16, data.ptr, scales.ptr, stats),
        run[`int4Groups${name}`](src, 2, 32, data.ptr, scales.ptr, stats),
        run[`int4Groups${name}Exact`](src, 2, 32, data.ptr, scales.ptr, stats),
        run[`int4GroupsAsymmetric${name}`](src, 2, 32, data.ptr, scales.ptr, points.ptr, stats),
        run[`int4GroupsAsymmetric${name}Exact`](src, 2, 32, data.ptr, scales.ptr, points.ptr, stats),
        run[`nvfp4Groups${name}`](src, 4, 1, data.ptr, scales.ptr, stats),
        run[`mxfp4Groups${name}`](src, 2, data.ptr, scales.ptr, stats),
        run[`mxfp8Groups${name}`](src, 2, data.ptr, scales.ptr, stats),
      ];
      // A negative NaN's magnitude is what counts where ranges are looked at.
      for (const found of largest) expect(found >>> 0).toBeGreaterThanOrEqual(FIRST[type] + extra);
      const rows = room(8);
      rows.view.fill(0);
      (type === 'f32' ? run.absmaxRowsF32 : run.absmaxRows16)(src, 2, 32, rows.ptr);
      const bits32 = new Uint32Array(rows.view.slice().buffer);
      expect(bits32[at < 32 ? 0 : 1]).toBe(FIRST[type] + extra);
      expect(bits32[at < 32 ? 1 : 0]).toBeLessThan(FIRST[type]);
    }
  });
});

describe('weights with a scale for each column', () => {
  test.each([
    [1, 1],
    [3, 4],
    [5, 7],
    [9, 32],
  ])('%d rows of %d', (rows, columns) => {
    const weights = randomWeights(rows, rows * columns, 'f32');
    const src = place(toBytes(weights, 'f32')).ptr;
    const largest = room(columns * 4);
    largest.view.fill(0);
    // In two calls: the second one raises what the first one found.
    run.absmaxColumnsF32(src, 1, columns, largest.ptr);
    run.absmaxColumnsF32(src + columns * 4, rows - 1, columns, largest.ptr);
    const absmax = new Float32Array(largest.view.slice().buffer);
    const expected = Array.from({ length: columns }, (_, column) =>
      Math.max(...weights.filter((__, i) => i % columns === column).map(Math.abs)),
    );
    expect([...absmax]).toEqual(expected);
    const scales = Float32Array.from(absmax, (value) => value / 127);
    const [data, stats] = [room(rows * columns), emptyStats()];
    run.int8ColumnsF32(src, rows, columns, place(new Uint8Array(scales.buffer)).ptr, -127, data.ptr, stats.ptr);
    const codes = weights.map(
      (w, i) => roundHalfEven(Math.min(Math.max(Math.fround(w / scales[i % columns]), -127), 127)) + 0,
    );
    expect([...new Int8Array(data.view.slice().buffer)]).toEqual(codes);
    const noise = weights.reduce((sum, w, i) => sum + (w - codes[i] * scales[i % columns]) ** 2, 0);
    expect(readStats(stats)[1] / noise).toBeCloseTo(1, 5);
    expect(readStats(stats)[2]).toBe(codes.filter((code) => code === 0).length);
  });
});

describe('conversions to 16 bits', () => {
  const CONVERSIONS = [
    { name: 'f32ToF16', from: 'f32', to: 'f16' },
    { name: 'bf16ToF16', from: 'bf16', to: 'f16' },
    { name: 'f32ToBf16', from: 'f32', to: 'bf16' },
    { name: 'f16ToBf16', from: 'f16', to: 'bf16' },
  ] as const;
  const EDGES = [
    0,
    -0,
    1,
    65504,
    65519,
    65520,
    -65520,
    70000,
    1e30,
    2 ** -14,
    2 ** -24,
    2 ** -25,
    1.5 * 2 ** -25,
    1e-30,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -8,
  ];

  test.each(CONVERSIONS)('$name', ({ name, from, to }) => {
    for (const length of [1, 3, 4, 5, 16, 1001]) {
      const values = [...EDGES, ...randomWeights(length, 1001, from)]
        .map((value) => roundTo(value, from))
        .filter((value) => Number.isFinite(value))
        .slice(0, length);
      const [data, stats] = [room(length * 2), emptyStats()];
      run[name](place(toBytes(values, from)).ptr, length, Infinity, data.ptr, stats.ptr);
      const rounded = values.map((value) => roundTo(value, to));
      expect([...data.view]).toEqual([...toBytes(rounded, to)]);
      expect(readStats(stats)[2]).toBe(rounded.filter((value) => value === 0).length);
      if (rounded.every((value) => Number.isFinite(value))) {
        const noise = values.reduce((sum, value, i) => sum + (value - rounded[i]) ** 2, 0);
        expect(Math.abs(readStats(stats)[1] - noise)).toBeLessThanOrEqual(noise * 1e-9);
      }
    }
  });

  test('a limit keeps what is too large finite', () => {
    const values = [65520, -1e30, 65504, 1];
    const data = room(8);
    run.f32ToF16(place(toBytes(values, 'f32')).ptr, 4, 65504, data.ptr, emptyStats().ptr);
    expect([...fromBytes(data.view, 'f16')]).toEqual([65504, -65504, 65504, 1]);
  });

  test('every f16 and every bf16 is widened and narrowed to itself through the other type where it fits', () => {
    const all = Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
    const values = all.map((bits) => valueOf(bits, 'f16'));
    const f32 = place(toBytes(values, 'f32')).ptr;
    const data = room(values.length * 2);
    run.f32ToF16(f32, values.length, Infinity, data.ptr, emptyStats().ptr);
    expect([...new Uint16Array(data.view.slice().buffer)]).toEqual(all);
    run.f16ToBf16(data.ptr, values.length, Infinity, data.ptr, emptyStats().ptr);
    expect([...new Uint16Array(data.view.slice().buffer)]).toEqual(
      values.map((value) => bitsOf(roundTo(value, 'bf16'), 'bf16')),
    );
  });
});
