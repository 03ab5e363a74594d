import { kernels } from '../../../../lambda/engine/kernels';
import { bitsOf, OracleType, toBytes } from '../../../../lambda/engine/kernels/oracle/numbers';
import { cutOf, prunedBy, prunedTwoOfFour } from '../../../../lambda/engine/kernels/oracle/prune';
import { emptyStats, place, readStats, room } from './memory';
import { randomFrom, randomWeights } from './random-weights';

const { run } = kernels();

const TYPES = [
  { type: 'bf16', suffix: 'Bf16', size: 2 },
  { type: 'f16', suffix: 'F16', size: 2 },
  { type: 'f32', suffix: 'F32', size: 4 },
] as const;

/** Weights of few distinct magnitudes, so that many are equal. */
function coarseWeights(seed: number, count: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => (Math.floor(random() * 9) - 4) / 64);
}

function magnitudesOf(weights: readonly number[], type: OracleType): number[] {
  if (type !== 'f32') return weights.map((w) => bitsOf(w, type) & 0x7fff);
  return [...new Uint32Array(Float32Array.from(weights).buffer)].map((bits) => bits & 0x7fffffff);
}

function bytesAfter(weights: readonly number[], gone: readonly boolean[], type: OracleType): number[] {
  return [
    ...toBytes(
      weights.map((w, i) => (gone[i] ? 0 : w)),
      type,
    ),
  ];
}

const lossOf = (weights: readonly number[], gone: readonly boolean[]) =>
  weights.reduce((sum, w, i) => sum + (gone[i] ? w * w : 0), 0);

describe.each(TYPES)('pruning $type', ({ type, suffix, size }) => {
  const count = type === 'f32' ? run.countMagnitudeF32 : run.countMagnitude16;

  test.each([1, 5, 8, 9, 64, 1001])('a share of %d weights, in pieces of any size', (length) => {
    for (const weights of [randomWeights(length, length, type), coarseWeights(length, length)]) {
      const magnitudes = magnitudesOf(weights, type);
      for (const share of [0, 0.1, 0.5, 0.9, 1]) {
        const wanted = Math.round(length * share);
        const cut = cutOf(magnitudes, wanted);
        const gone = prunedBy(magnitudes, cut);
        expect(gone.filter(Boolean)).toHaveLength(wanted);
        for (const piece of [length, 1, 7, 16]) {
          const src = place(toBytes(weights, type));
          const stats = emptyStats();
          let ties = cut.ties;
          for (let at = 0; at < length; at += piece) {
            ties = run[`pruneBelow${suffix}`](
              src.ptr + at * size,
              Math.min(piece, length - at),
              cut.bits,
              ties,
              stats.ptr,
            );
          }
          expect(ties).toBe(0);
          expect([...src.view]).toEqual(bytesAfter(weights, gone, type));
          const loss = lossOf(weights, gone);
          const [signal, noise, zeros] = readStats(stats);
          expect(signal).toBe(noise);
          expect(Math.abs(noise - loss)).toBeLessThanOrEqual(loss * 1e-12);
          expect(zeros).toBe(0);
        }
      }
    }
  });

  test('a worker that sees only the end prunes the same, given the ties before it', () => {
    const weights = coarseWeights(3, 500);
    const magnitudes = magnitudesOf(weights, type);
    const cut = cutOf(magnitudes, 250);
    const whole = bytesAfter(weights, prunedBy(magnitudes, cut), type);
    for (const begin of [1, 13, 250, 499]) {
      const all = place(toBytes(weights, type));
      const before = count(all.ptr, begin, cut.bits);
      expect(before).toBe(magnitudes.slice(0, begin).filter((bits) => bits === cut.bits).length);
      const ties = Math.max(0, cut.ties - before);
      run[`pruneBelow${suffix}`](all.ptr + begin * size, 500 - begin, cut.bits, ties, emptyStats().ptr);
      expect([...all.view.subarray(begin * size)]).toEqual(whole.slice(begin * size));
    }
  });

  test.each([1, 3, 4, 5, 8, 12, 13, 14, 20, 37])('2:4 along rows of %d', (columns) => {
    for (const weights of [randomWeights(columns, columns * 5, type), coarseWeights(columns, columns * 5)]) {
      const magnitudes = magnitudesOf(weights, type);
      const gone = Array.from({ length: 5 }, (_, row) =>
        prunedTwoOfFour(magnitudes.slice(row * columns, (row + 1) * columns)),
      ).flat();
      const src = place(toBytes(weights, type));
      const stats = emptyStats();
      run[`prune24${suffix}`](src.ptr, 5, columns, stats.ptr);
      expect([...src.view]).toEqual(bytesAfter(weights, gone, type));
      const loss = lossOf(weights, gone);
      expect(Math.abs(readStats(stats)[1] - loss)).toBeLessThanOrEqual(loss * 1e-12);
    }
  });

  test.each([1, 2, 3, 4, 1003])('histograms count every one of %d weights', (length) => {
    const weights = randomWeights(length, length, type);
    const magnitudes = magnitudesOf(weights, type);
    const src = place(toBytes(weights, type)).ptr;
    const counts = (bins: number, kernel: (hist: number) => void) => {
      const hist = room(bins * 4);
      hist.view.fill(0);
      kernel(hist.ptr);
      return new Uint32Array(hist.view.slice().buffer);
    };
    const expected = (bins: number, bin: (bits: number) => number | undefined) => {
      const made = new Uint32Array(bins);
      for (const bits of magnitudes) {
        const at = bin(bits);
        if (at !== undefined) made[at]++;
      }
      return made;
    };
    if (type !== 'f32') {
      expect(counts(32768, (hist) => run.histogram16(src, length, hist))).toEqual(expected(32768, (bits) => bits));
      return;
    }
    const high = magnitudes[0] >>> 16;
    expect(counts(32768, (hist) => run.histogramF32High(src, length, hist))).toEqual(
      expected(32768, (bits) => bits >>> 16),
    );
    expect(counts(65536, (hist) => run.histogramF32Low(src, length, high, hist))).toEqual(
      expected(65536, (bits) => (bits >>> 16 === high ? bits & 0xffff : undefined)),
    );
  });

  test.each([1, 3, 4, 5, 1003])('sums of %d weights that stay', (length) => {
    const weights = coarseWeights(length, length);
    const stats = emptyStats();
    run[`sums${suffix}`](place(toBytes(weights, type)).ptr, length, stats.ptr);
    const zeros = weights.filter((w) => w === 0).length;
    expect(readStats(stats)).toEqual([weights.reduce((sum, w) => sum + w * w, 0), 0, zeros]);
  });
});
