import { kernels } from '../../../../lambda/engine/kernels';
import { encodeFourBits, noiseOfBlock } from '../../../../lambda/engine/kernels/oracle/blocks';
import { bitsOf, fromBytes, roundHalfEven, toBytes, valueOf } from '../../../../lambda/engine/kernels/oracle/numbers';
import { prunedTwoOfFour } from '../../../../lambda/engine/kernels/oracle/prune';
import { emptyStats, place, readStats, room } from './memory';
import { randomWeights } from './random-weights';

const { run } = kernels();

const floats = (values: readonly number[]) => place(toBytes(values, 'f32'));
const codesIn = (bytes: Uint8Array) => [...bytes].flatMap((byte) => [byte & 15, byte >> 4]);

/** Blocks of which some are zeros, some one-sided, and some have ties. */
function blocksOf(size: number): number[][] {
  return [
    randomWeights(size, size, 'f32'),
    randomWeights(size + 1, size, 'f32', true),
    new Array<number>(size).fill(0),
    randomWeights(size + 2, size, 'f32').map(Math.abs),
    randomWeights(size + 3, size, 'f32').map((w) => -Math.abs(w)),
    Array.from({ length: size }, (_, i) => ((i % 33) - 16) / 8),
    Array.from({ length: size }, (_, i) => (i === 0 ? -2 : i === 1 ? 1.75 : ((i % 27) - 13) / 8)),
  ];
}

describe.each([16, 32, 128, 256])('blocks of %d', (size) => {
  const blocks = blocksOf(size);

  test.each([
    ['full', size],
    ['filled up from an even number', size - 6],
    ['filled up from an odd number', size - 7],
  ])('%s: exact is what the oracle says, best has never more error', (_what, used) => {
    const weights = blocks.map((block) => block.map((w, i) => (i < used ? w : 0)));
    for (const asymmetric of [false, true]) {
      for (const exact of [true, false]) {
        const src = floats(weights.flat());
        const [dst, scales, points] = [room((blocks.length * size) / 2), room(blocks.length * 4), room(blocks.length)];
        const stats = emptyStats();
        const count = blocks.length;
        const half = size / 2;
        if (asymmetric) {
          const kernel = run[exact ? 'nbits4AsymmetricF32Exact' : 'nbits4AsymmetricF32'];
          kernel(src.ptr, count, size, used, dst.ptr, half, scales.ptr, 4, points.ptr, 1, stats.ptr);
        } else {
          const kernel = run[exact ? 'nbits4F32Exact' : 'nbits4F32'];
          kernel(src.ptr, count, size, used, dst.ptr, half, scales.ptr, 4, stats.ptr);
        }
        const found = [...fromBytes(scales.view, 'f32')];
        let noise = 0;
        let zeros = 0;
        weights.forEach((block, at) => {
          const own = block.slice(0, used);
          const expected = encodeFourBits(own, asymmetric);
          const all = codesIn(dst.view.subarray(at * half, (at + 1) * half));
          const codes = all.slice(0, used);
          const point = asymmetric ? points.view[at] : 8;
          if (exact) {
            expect([found[at], point, codes]).toEqual([expected.scale, expected.point, expected.codes]);
          } else {
            const limit = noiseOfBlock(own, expected);
            expect(noiseOfBlock(own, { scale: found[at], point, codes })).toBeLessThanOrEqual(limit * (1 + 1e-6));
          }
          expect(all.slice(used + (used % 2)).every((code) => code === 0)).toBe(true);
          noise += noiseOfBlock(own, { scale: found[at], point, codes });
          zeros += codes.filter((code) => code === point).length;
        });
        const [signal, lost, none] = readStats(stats);
        expect(signal / weights.flat().reduce((sum, w) => sum + w * w, 0)).toBeCloseTo(1, 4);
        expect(lost / noise).toBeCloseTo(1, 3);
        expect(none).toBe(zeros);
      }
    }
  });
});

describe.each([16, 32, 128, 256])('columns in blocks of %d', (size) => {
  test.each([
    ['whole strips', 96, size],
    ['whole strips, of scales without a normal inverse or square', 96, size, [2 ** -126, 2 ** 50]],
    ['a strip and some', 43, size],
    ['less than a strip', 3, size],
    ['not filled', 18, size - 7],
  ] as [string, number, number, number[]?][])('%s: what the oracle says', (_what, cols, used, factors = []) => {
    const kinds = blocksOf(size);
    const columns = Array.from({ length: cols }, (_, col) => {
      const factor = factors[col % 11] ?? 1;
      return kinds[col % kinds.length].slice(0, used).map((w) => Math.fround(w * factor * (1 + col / 64)));
    });
    // Rows are longer than the columns that are asked for.
    const stride = cols + 5;
    const rows = Array.from({ length: used * stride }, (_, at) => columns[at % stride]?.[Math.floor(at / stride)] ?? 9);
    const src = floats(rows);
    const half = size / 2;
    for (const asymmetric of [false, true]) {
      const [dst, scales, points] = [room(cols * 2 * half), room(cols * 8), room(cols * 2)];
      const stats = emptyStats();
      const places = [size, used, dst.ptr, 2 * half, scales.ptr, 8] as const;
      if (asymmetric) {
        run.nbits4AsymmetricColumnsF32Exact(src.ptr, cols, stride * 4, ...places, points.ptr, 2, stats.ptr);
      } else run.nbits4ColumnsF32Exact(src.ptr, cols, stride * 4, ...places, stats.ptr);
      let [power, noise, zeros] = [0, 0, 0];
      columns.forEach((column, at) => {
        const { scale, point, codes } = encodeFourBits(column, asymmetric);
        const found = codesIn(dst.view.subarray(at * 2 * half, (at * 2 + 1) * half)).slice(0, used);
        const foundScale = fromBytes(scales.view, 'f32')[2 * at];
        expect([at, foundScale, asymmetric ? points.view[2 * at] : 8, found]).toEqual([at, scale, point, codes]);
        power += column.reduce((sum, w) => sum + w * w, 0);
        noise += noiseOfBlock(column, { scale, point, codes });
        zeros += codes.filter((code) => code === point).length;
      });
      const [signal, lost, none] = readStats(stats);
      expect(signal / power).toBeCloseTo(1, 4);
      expect(lost / noise).toBeCloseTo(1, 3);
      expect(none).toBe(zeros);
    }
  });

  test('ties go up, and the last numbers before them down', () => {
    const before = (w: number) => valueOf(bitsOf(w, 'f32') - 1, 'f32');
    const ties = [0.5, 1.5, 2.5, 3.5, 6.5, 7.5, 8.5, 14.5];
    const column = [15, 0, ...ties, ...ties.map(before)].slice(0, size);
    column.push(...new Array<number>(size - column.length).fill(0.25));
    for (const asymmetric of [false, true]) {
      // With both, the scale is 1.
      const own = column.map((w) => (asymmetric ? w : Math.fround(-8 + w)));
      const rows = own.flatMap((w) => new Array<number>(32).fill(w));
      const [dst, scales, points] = [room(size * 16), room(128), room(32)];
      const places = [size, size, dst.ptr, size / 2, scales.ptr, 4] as const;
      const stats = emptyStats().ptr;
      if (asymmetric) run.nbits4AsymmetricColumnsF32Exact(floats(rows).ptr, 32, 128, ...places, points.ptr, 1, stats);
      else run.nbits4ColumnsF32Exact(floats(rows).ptr, 32, 128, ...places, stats);
      const { scale, point, codes } = encodeFourBits(own, asymmetric);
      expect([scale, point]).toEqual([1, asymmetric ? 0 : 8]);
      for (let col = 0; col < 32; col++) {
        expect(codesIn(dst.view.subarray((col * size) / 2, ((col + 1) * size) / 2))).toEqual(codes);
      }
    }
  });

  test('an infinity and a NaN show in the largest magnitude', () => {
    for (const bad of [Infinity, -Infinity, NaN]) {
      const values = new Array<number>(size * 32).fill(1).map((w, at) => (at === size * 16 + 5 ? bad : w));
      const [dst, scales] = [room(size * 16), room(128)];
      const bits = run.nbits4ColumnsF32Exact(
        floats(values).ptr,
        32,
        128,
        size,
        size,
        dst.ptr,
        size / 2,
        scales.ptr,
        4,
        emptyStats().ptr,
      );
      expect(bits >>> 0).toBeGreaterThanOrEqual(0x7f800000);
    }
  });
});

test('zero points are packed by rows, with 8 beside an odd last one', () => {
  const dst = room(4);
  run.packPoints(place(Uint8Array.of(1, 2, 3, 4, 5, 6)).ptr, 2, 3, dst.ptr);
  expect([...dst.view]).toEqual([0x21, 0x83, 0x54, 0x86]);
});

test.each([
  [1, 1],
  [4, 4],
  [5, 7],
  [16, 33],
])('%d rows of %d become columns', (rows, cols) => {
  const values = randomWeights(rows * cols, rows * cols, 'f32');
  const dst = room(cols * rows * 4);
  run.transposeF32(floats(values).ptr, rows, cols, cols * 4, dst.ptr, rows * 4);
  const expected = Array.from({ length: cols * rows }, (_, at) => values[(at % rows) * cols + Math.floor(at / rows)]);
  expect([...fromBytes(dst.view, 'f32')]).toEqual(expected);
});

describe.each([16, 32, 128])('codes of DequantizeLinear in blocks of %d', (size) => {
  test.each([size, size - 7])('of %d used: what the oracle says', (used) => {
    const weights = blocksOf(size).map((block) => block.map((w, i) => (i < used ? w : 0)));
    const half = size / 2;
    const count = weights.length;
    for (const asymmetric of [false, true]) {
      const expected = weights.map((block) => encodeFourBits(block.slice(0, used), asymmetric, 'after rounding'));
      const [dst, scales, points] = [room(count * half), room(count * 4), room(count)];
      const stats = emptyStats();
      const block = [floats(weights.flat()).ptr, count, size, used, dst.ptr, half, scales.ptr, 4] as const;
      if (asymmetric) run.qdq4AsymmetricF32Exact(...block, points.ptr, 1, stats.ptr);
      else run.qdq4F32Exact(...block, stats.ptr);
      expect([...fromBytes(scales.view, 'f32')]).toEqual(expected.map(({ scale }) => scale));
      if (asymmetric) expect([...points.view]).toEqual(expected.map(({ point }) => point));
      const found = weights.map((_, at) => codesIn(dst.view.subarray(at * half, (at + 1) * half)).slice(0, used));
      expect(found).toEqual(expected.map(({ codes }) => codes));
      const zeros = expected.flatMap(({ codes, point }) => codes.filter((code) => code === point)).length;
      expect(readStats(stats)[2]).toBe(zeros);
      const noise = weights.reduce((sum, block, at) => sum + noiseOfBlock(block.slice(0, used), expected[at]), 0);
      expect(readStats(stats)[1] / noise).toBeCloseTo(1, 3);
    }
  });
});

test.each([
  [16, 6],
  [16, 7],
  [9, 6],
  [9, 7],
  [15, 1],
])('%d rows of codes of %d columns', (rows, cols) => {
  const size = 16;
  const codes = randomWeights(rows, cols * size, 'f32').map((w) => Math.abs(Math.round(w * 1e5)) & 15);
  const src = place(
    Uint8Array.from({ length: (cols * size) / 2 }, (_, at) => codes[2 * at] | (codes[2 * at + 1] << 4)),
  );
  for (const mask of [0, 8]) {
    const dst = room(Math.ceil((rows * cols) / 2));
    run.turnCodes(src.ptr, cols, size / 2, rows, mask, dst.ptr);
    const expected = Array.from(
      { length: rows * cols },
      (_, at) => codes[(at % cols) * size + Math.floor(at / cols)] ^ mask,
    );
    if ((rows * cols) % 2 === 1) expected.push(0);
    expect(codesIn(dst.view)).toEqual(expected);
  }
});

test.each([1, 15, 16, 17, 5000])('uint8 of %d weights', (count) => {
  const values = randomWeights(count, count, 'f32', true);
  const extremes = room(8);
  extremes.view.fill(0);
  const src = floats(values);
  run.extremesF32(src.ptr, count, extremes.ptr);
  const [high, low] = fromBytes(extremes.view, 'f32');
  expect([high, low]).toEqual([Math.max(0, ...values), Math.max(0, ...values.map((w) => -w))]);
  const scale = Math.fround((high + low) / 255);
  const point = roundHalfEven(low / scale);
  const [dst, stats] = [room(count), emptyStats()];
  run.uint8F32(src.ptr, count, scale, point, dst.ptr, stats.ptr);
  const expected = values.map((w) => Math.min(Math.max(roundHalfEven(Math.fround(w / scale)) + point, 0), 255));
  expect([...dst.view]).toEqual(expected);
  const noise = values.reduce((sum, w, i) => sum + (w - (expected[i] - point) * scale) ** 2, 0);
  expect(Math.abs(readStats(stats)[1] - noise)).toBeLessThanOrEqual(noise * 1e-3 + 1e-12);
  expect(readStats(stats)[2]).toBe(expected.filter((code) => code === point).length);
});

test.each([
  ['bf16', 'widenBf16'],
  ['f16', 'widenF16'],
] as const)('%s becomes f32', (type, kernel) => {
  for (const count of [1, 3, 4, 9, 100]) {
    const values = randomWeights(count, count, type);
    const dst = room(count * 4);
    run[kernel](place(toBytes(values, type)).ptr, count, dst.ptr);
    expect([...fromBytes(dst.view, 'f32')]).toEqual(values);
  }
});

test.each([1, 3, 4, 10])('two of every four along columns, in rows of %d', (stride) => {
  const rows = 12;
  for (const coarse of [false, true]) {
    const values = randomWeights(stride, rows * stride, 'f32').map((w) => (coarse ? Math.round(w * 100) / 100 : w));
    const [src, stats] = [floats(values), emptyStats()];
    run.prune24StridedF32(src.ptr, rows, stride, stats.ptr);
    const rounded = [...fromBytes(toBytes(values, 'f32'), 'f32')];
    const expected = [...rounded];
    for (let column = 0; column < stride; column++) {
      const own = Array.from({ length: rows }, (_, row) => Math.abs(rounded[row * stride + column]));
      prunedTwoOfFour(own).forEach((gone, row) => {
        if (gone) expected[row * stride + column] = 0;
      });
    }
    expect([...fromBytes(src.view, 'f32')].map((w) => w + 0)).toEqual(expected.map((w) => w + 0));
    const lost = rounded.reduce((sum, w, i) => sum + (expected[i] === 0 ? w * w : 0), 0);
    expect(readStats(stats)[0]).toBeCloseTo(lost, 6);
  }
});
