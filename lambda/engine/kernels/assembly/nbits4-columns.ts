import { INTEGER_MAGIC, MAGNITUDE, word } from './constants';
import { held } from './lanes';
import { nbits4AsymmetricF32Exact, nbits4F32Exact } from './nbits4';
import { largestWord } from './range';
import { addStats, both, countBytes } from './stats';
import { transposeF32 } from './transpose';

// The blocks of nbits4.ts, taken from a matrix whose rows are the inputs, so that a block lies down a column. Sixteen
// columns, a cache line wide, are gathered at a time, because rows that lie a power of two apart would push each other out
// of the cache. Four columns then share a vector: nothing is transposed but the codes, which are an eighth of the weights.

const STRIP: i32 = 16;

/** The largest block. */
const MOST: i32 = 256;

const gathered: usize = memory.data(MOST * STRIP * 4, 16);

/** Four columns as rows, for blocks that are encoded one by one. */
const turned: usize = memory.data(MOST * 4 * 4, 16);

/** What rangeOf finds of each gathered column. */
const highs: usize = memory.data(STRIP * 4, 16);
const lows: usize = memory.data(STRIP * 4, 16);

/** Magnitudes within which scales, their inverses and the squares of both are normal numbers. */
const LEAST: f32 = 1e-12;
const MOST_ORDINARY: f32 = 1e12;

/**
 * Encodes a block of each of `cols` columns exactly as nbits4F32Exact does: `size` weights (a multiple of 16, 256 at the
 * most) of which the first `used` are there, in rows `srcStride` bytes apart. Blocks and scales of columns that follow each
 * other lie at distances of `dstStride` and `scaleStride` bytes. Returns the bits of the largest magnitude.
 */
export function nbits4ColumnsF32Exact(
  src: usize, cols: i32, srcStride: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  stats: usize,
): u32 {
  return encodeColumns<u8>(src, cols, srcStride, size, used, dst, dstStride, scales, scaleStride, 0, 0, stats);
}

/** The same as nbits4AsymmetricF32Exact. */
export function nbits4AsymmetricColumnsF32Exact(
  src: usize, cols: i32, srcStride: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): u32 {
  return encodeColumns<u16>(
    src, cols, srcStride, size, used, dst, dstStride, scales, scaleStride, points, pointStride, stats,
  );
}

/** A is u16 where blocks have a zero point, and u8 where they have none. */
function encodeColumns<A>(
  src: usize, cols: i32, srcStride: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): u32 {
  let largest: u32 = 0;
  for (let strip = 0; strip < cols; strip += STRIP) {
    const whole = cols - strip >= STRIP && used == size;
    if (whole) gather(src, size, srcStride);
    const end = min(cols, strip + STRIP);
    for (let col = strip; col < end; col += 4) {
      const count = min(4, end - col);
      const at = <usize>(col - strip) << 2;
      const to = dst + <usize>(col * dstStride);
      const scale = scales + <usize>(col * scaleStride);
      const point = points + <usize>(col * pointStride);
      let bits: u32 = 0;
      if (whole) bits = encodeFour<A>(at, size, to, dstStride, scale, scaleStride, point, pointStride, stats);
      if (bits == 0) {
        memory.fill(turned, 0, <usize>(size * count) << 2);
        transposeF32(src + at, used, count, srcStride, turned, size << 2);
        bits = sizeof<A>() == 1
          ? nbits4F32Exact(turned, count, size, used, to, dstStride, scale, scaleStride, stats)
          : nbits4AsymmetricF32Exact(
            turned, count, size, used, to, dstStride, scale, scaleStride, point, pointStride, stats,
          );
      }
      largest = max(largest, bits);
    }
    src += <usize>STRIP << 2;
  }
  return largest;
}

/** Gathers sixteen columns, and keeps what rangeOf keeps of each: the largest as signed and as unsigned integers. */
function gather(src: usize, rows: i32, stride: i32): void {
  const zero = i32x4.splat(0);
  let high0 = zero;
  let high1 = zero;
  let high2 = zero;
  let high3 = zero;
  let low0 = zero;
  let low1 = zero;
  let low2 = zero;
  let low3 = zero;
  const end = gathered + <usize>(rows * STRIP * 4);
  for (let to = gathered; to < end; to += STRIP * 4) {
    const a = v128.load(src);
    const b = v128.load(src, 16);
    const c = v128.load(src, 32);
    const d = v128.load(src, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    high0 = i32x4.max_s(high0, a);
    high1 = i32x4.max_s(high1, b);
    high2 = i32x4.max_s(high2, c);
    high3 = i32x4.max_s(high3, d);
    low0 = i32x4.max_u(low0, a);
    low1 = i32x4.max_u(low1, b);
    low2 = i32x4.max_u(low2, c);
    low3 = i32x4.max_u(low3, d);
    src += <usize>stride;
  }
  v128.store(highs, high0);
  v128.store(highs, high1, 16);
  v128.store(highs, high2, 32);
  v128.store(highs, high3, 48);
  v128.store(lows, low0);
  v128.store(lows, low1, 16);
  v128.store(lows, low2, 32);
  v128.store(lows, low3, 48);
}

/**
 * Encodes a block of each of four gathered columns, `at` bytes from the first on. Returns the bits of the largest magnitude,
 * or 0 and nothing done where a scale is out of the ordinary.
 */
function encodeFour<A>(
  at: usize, size: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32, points: usize, pointStride: i32,
  stats: usize,
): u32 {
  const magnitude = word(MAGNITUDE);
  const positive = v128.load(highs + at);
  const lowest = v128.load(lows + at);
  const negative = v128.and(v128.and(lowest, magnitude), i32x4.shr_s(lowest, 31));
  const extent = i32x4.max_u(positive, negative);
  const ordinary = v128.and(f32x4.ge(extent, f32x4.splat(LEAST)), f32x4.le(extent, f32x4.splat(MOST_ORDINARY)));
  if (!i32x4.all_true(ordinary)) return 0;

  let scale: v128;
  let point = f32x4.splat(8);
  if (sizeof<A>() == 1) {
    const extreme = v128.bitselect(positive, f32x4.neg(negative), i32x4.gt_s(positive, negative));
    scale = f32x4.div(extreme, f32x4.splat(-8));
  } else {
    scale = f32x4.div(f32x4.add(positive, negative), f32x4.splat(15));
    const exact = f32x4.pmax(f32x4.pmin(f32x4.div(negative, scale), f32x4.splat(15)), f32x4.splat(0));
    point = f32x4.floor(f32x4.add(exact, f32x4.splat(0.5)));
    const bytes = i32x4.trunc_sat_f32x4_u(point);
    store<u8>(points, <u8>i32x4.extract_lane(bytes, 0));
    store<u8>(points + <usize>pointStride, <u8>i32x4.extract_lane(bytes, 1));
    store<u8>(points + 2 * <usize>pointStride, <u8>i32x4.extract_lane(bytes, 2));
    store<u8>(points + 3 * <usize>pointStride, <u8>i32x4.extract_lane(bytes, 3));
  }
  spread(scale, scales, scaleStride);

  const inverse = f32x4.div(f32x4.splat(1), scale);
  const magic = word(INTEGER_MAGIC);
  const half = held(0.5);
  const most = held(15);
  const zero = f32x4.splat(0);
  const pointCodes = i32x4.mul(i32x4.trunc_sat_f32x4_u(point), i32x4.splat(0x11111111));
  let signal = zero;
  let noise = zero;
  let zeros = zero;
  let src = gathered + at;
  const end = src + <usize>(size * STRIP * 4);
  while (src < end) {
    // Eight rows: each pushes its code into a word from above.
    const stop = src + 8 * STRIP * 4;
    let codes = zero;
    for (; src < stop; src += STRIP * 4) {
      const x = f32x4.mul(v128.load(src), inverse);
      const v = f32x4.add(x, point);
      const inside = f32x4.pmin(sizeof<A>() == 1 ? v : f32x4.pmax(v, zero), most);
      const near = f32x4.add(inside, magic);
      const even = f32x4.sub(near, magic);
      // Ties went to the even integer; where that is the lower one they go up. To the sum of errors it is all the same.
      const up = f32x4.ge(f32x4.sub(inside, even), half);
      codes = v128.or(i32x4.shr_u(codes, 4), i32x4.shl(i32x4.sub(near, up), 28));
      const d = f32x4.sub(v, even);
      signal = f32x4.add(signal, f32x4.mul(x, x));
      noise = f32x4.add(noise, f32x4.mul(d, d));
    }
    spread(codes, dst, dstStride);
    dst += 4;
    // Halves of bytes that are 0 where the code is the zero point.
    const other = v128.xor(codes, pointCodes);
    const twos = v128.or(other, i32x4.shr_u(other, 1));
    const fours = v128.or(twos, i32x4.shr_u(twos, 2));
    zeros = i8x16.add(zeros, i8x16.popcnt(v128.andnot(i32x4.splat(0x11111111), fours)));
  }
  addStats(stats, total(signal, scale), total(noise, scale), <f64>countBytes(zeros));
  return largestWord(extent);
}

/** Stores four words `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function spread(words: v128, to: usize, stride: i32): void {
  const step = <usize>stride;
  v128.store32_lane(to, words, 0);
  v128.store32_lane(to + step, words, 1);
  v128.store32_lane(to + 2 * step, words, 2);
  v128.store32_lane(to + 3 * step, words, 3);
}

/** Four sums, each in units of the square of its scale, as one. */
// @ts-ignore: decorator
@inline
function total(sums: v128, scales: v128): f64 {
  const low = f64x2.promote_low_f32x4(scales);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(scales, scales, 1, 1));
  const first = f64x2.mul(f64x2.promote_low_f32x4(sums), f64x2.mul(low, low));
  const last = f64x2.mul(f64x2.promote_low_f32x4(i64x2.shuffle(sums, sums, 1, 1)), f64x2.mul(high, high));
  return both(f64x2.add(first, last));
}
