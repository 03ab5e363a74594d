import { fours, spread, storeFours } from './column-codes';
import { MAGNITUDE, word } from './constants';
import { fetch, gather, gathered, highs, lows, MOST, ROW, STRIP } from './gather-columns';
import { held } from './lanes';
import { nbits4AsymmetricF32Exact, nbits4F32Exact } from './nbits4';
import { largestWord } from './range';
import { addStats, both } from './stats';
import { transposeF32 } from './transpose';

// The blocks of nbits4.ts, taken from a matrix whose rows are the inputs, so that a block lies down a column. Some columns
// are gathered at a time, and four of them share a vector: nothing is transposed but the codes, which are an eighth of the
// weights.

/** Four columns as rows, for blocks that are encoded one by one. */
const turned: usize = memory.data(MOST * 4 * 4, 16);

const inverses: usize = memory.data(16, 16);

/** Magnitudes within which scales, their inverses and the squares of both are normal numbers. */
const LEAST: f32 = 1e-12;
const MOST_ORDINARY: f32 = 1e12;

/** The largest f32 below 0.5: added to a positive number, it takes ties to the next integer, and nothing that is less. */
const BELOW_HALF: f32 = 0.49999997;

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
    const end = min(cols, strip + STRIP);
    if (whole) {
      fetch(dst + <usize>(strip * dstStride), end - strip, dstStride, size >> 1);
      gather(src, size, srcStride);
    }
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

  // From memory, because engines would divide in each turn anew.
  v128.store(inverses, f32x4.div(f32x4.splat(1), scale));
  const inverse = v128.load(inverses);
  const half = held(BELOW_HALF);
  const most = held(15.5);
  const sixteen = held(16);
  let signal = f32x4.splat(0);
  let noise = signal;
  let src = gathered + at;
  let to = fours;
  for (const end = src + <usize>size * ROW; src < end; src += 4 * ROW) {
    // Four rows, gathered in a number below 65536, from the last one on.
    let x: v128;
    let v: v128;
    let q: v128;
    let d: v128;
    x = f32x4.mul(v128.load(src, 3 * ROW), inverse);
    v = f32x4.add(x, point);
    q = near<A>(v, half, most);
    d = f32x4.sub(v, q);
    let codes = q;
    signal = f32x4.add(signal, f32x4.mul(x, x));
    noise = f32x4.add(noise, f32x4.mul(d, d));
    x = f32x4.mul(v128.load(src, 2 * ROW), inverse);
    v = f32x4.add(x, point);
    q = near<A>(v, half, most);
    d = f32x4.sub(v, q);
    codes = f32x4.add(f32x4.mul(codes, sixteen), q);
    signal = f32x4.add(signal, f32x4.mul(x, x));
    noise = f32x4.add(noise, f32x4.mul(d, d));
    x = f32x4.mul(v128.load(src, ROW), inverse);
    v = f32x4.add(x, point);
    q = near<A>(v, half, most);
    d = f32x4.sub(v, q);
    codes = f32x4.add(f32x4.mul(codes, sixteen), q);
    signal = f32x4.add(signal, f32x4.mul(x, x));
    noise = f32x4.add(noise, f32x4.mul(d, d));
    x = f32x4.mul(v128.load(src), inverse);
    v = f32x4.add(x, point);
    q = near<A>(v, half, most);
    d = f32x4.sub(v, q);
    codes = f32x4.add(f32x4.mul(codes, sixteen), q);
    signal = f32x4.add(signal, f32x4.mul(x, x));
    noise = f32x4.add(noise, f32x4.mul(d, d));
    v128.store(to, codes);
    to += 16;
  }
  const zeros = storeFours(to, point, dst, dstStride);
  addStats(stats, total(signal, scale), total(noise, scale), <f64>zeros);
  return largestWord(extent);
}

/** Rounds to the nearest code, ties up. */
// @ts-ignore: decorator
@inline
function near<A>(v: v128, half: v128, most: v128): v128 {
  const above = f32x4.add(v, half);
  return f32x4.floor(f32x4.pmin(sizeof<A>() == 1 ? above : f32x4.pmax(above, f32x4.splat(0)), most));
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
