import { F16_UNBIAS, MAGNITUDE, MAGNITUDE16, word } from './constants';
import { load1 } from './dtype';
import { addStats, both, squaresOf } from './stats';

/** Magnitude bits of one element. */
// @ts-ignore: decorator
@inline
function magnitude<T>(ptr: usize): u32 {
  return isFloat<T>() ? load<u32>(ptr) & 0x7fffffff : <u32>load<u16>(ptr) & 0x7fff;
}

/** Elements in a vector. */
// @ts-ignore: decorator
@inline
function lanes<T>(): i32 {
  return isFloat<T>() ? 4 : 8;
}

// @ts-ignore: decorator
@inline
function drop<T>(ptr: usize): f64 {
  const w = <f64>load1<T>(ptr);
  if (isFloat<T>()) store<u32>(ptr, 0);
  else store<u16>(ptr, 0);
  return w * w;
}

/** How many elements have exactly the magnitude `threshold` (bits without the sign). */
// @ts-ignore: decorator
@inline
function countMagnitude<T>(src: usize, count: i32, threshold: u32): u32 {
  let found: u32 = 0;
  let i = 0;
  if (isFloat<T>()) {
    const mask = word(MAGNITUDE);
    const wanted = i32x4.splat(threshold);
    for (; i + 4 <= count; i += 4) {
      found += popcnt(i32x4.bitmask(i32x4.eq(v128.and(v128.load(src), mask), wanted)));
      src += 16;
    }
  } else {
    const mask = word(MAGNITUDE16);
    const wanted = i16x8.splat(<i16>threshold);
    for (; i + 8 <= count; i += 8) {
      found += popcnt(i16x8.bitmask(i16x8.eq(v128.and(v128.load(src), mask), wanted)));
      src += 16;
    }
  }
  for (; i < count; i++) {
    found += u32(magnitude<T>(src) == threshold);
    src += sizeof<T>();
  }
  return found;
}

export function countMagnitudeF32(src: usize, count: i32, threshold: u32): u32 {
  return countMagnitude<f32>(src, count, threshold);
}

export function countMagnitude16(src: usize, count: i32, threshold: u32): u32 {
  return countMagnitude<u16>(src, count, threshold);
}

function pruneBelow<T>(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  const unbias = word(F16_UNBIAS);
  const mask = isFloat<T>() ? word(MAGNITUDE) : word(MAGNITUDE16);
  const cut = isFloat<T>() ? i32x4.splat(threshold) : i16x8.splat(<i16>threshold);
  let sums = f64x2.splat(0);
  let lost: f64 = 0;
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    const v = v128.load(src);
    const magnitudes = v128.and(v, mask);
    let out = isFloat<T>() ? i32x4.lt_s(magnitudes, cut) : i16x8.lt_s(magnitudes, cut);
    if (ties > 0) {
      const equal = isFloat<T>() ? i32x4.eq(magnitudes, cut) : i16x8.eq(magnitudes, cut);
      const found: u32 = popcnt(isFloat<T>() ? i32x4.bitmask(equal) : i16x8.bitmask(equal));
      if (found > ties) break;
      ties -= found;
      out = v128.or(out, equal);
    }
    sums = squaresOf<T>(sums, v128.and(v, out), unbias);
    v128.store(src, v128.andnot(v, out));
    src += 16;
  }
  // Where the ties end within a vector, its elements are taken one by one; what follows has none left.
  const single = min(count, i + lanes<T>());
  for (; i < single; i++) {
    const bits = magnitude<T>(src);
    let out = bits < threshold;
    if (bits == threshold && ties > 0) {
      ties--;
      out = true;
    }
    if (out) lost += drop<T>(src);
    src += sizeof<T>();
  }
  addStats(stats, lost + both(sums), lost + both(sums), 0);
  return i < count ? pruneBelow<T>(src, count - i, threshold, ties, stats) : ties;
}

// @ts-ignore: decorator
@inline
function prune24<T>(src: usize, rows: i32, cols: i32, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const mask = isFloat<T>() ? word(MAGNITUDE) : word(MAGNITUDE16);
  const bias1 = bias<T>(0);
  const bias2 = bias<T>(1);
  const bias3 = bias<T>(2);
  const most = bias<T>(3);
  let sums = f64x2.splat(0);
  for (let row = 0; row < rows; row++) {
    let col = 0;
    for (; col + lanes<T>() <= cols; col += lanes<T>()) {
      const v = v128.load(src);
      const keep = keepOf<T>(v128.and(v, mask), bias1, bias2, bias3, most);
      sums = squaresOf<T>(sums, v128.andnot(v, keep), unbias);
      v128.store(src, v128.and(v, keep));
      src += 16;
    }
    if (!isFloat<T>() && col + 4 <= cols) {
      const v = v128.load64_zero(src);
      const keep = keepOf<T>(v128.and(v, mask), bias1, bias2, bias3, most);
      sums = squaresOf<T>(sums, v128.andnot(v, keep), unbias);
      v128.store64_lane(src, v128.and(v, keep), 0);
      src += 8;
    }
    src += <usize>(cols & 3) * sizeof<T>();
  }
  addStats(stats, both(sums), both(sums), 0);
}

// Each element of four is compared with the three others, which rotation brings into its place. Another one comes before
// it when it is larger, or equal and earlier; "larger or equal" is "larger than one less". Two may come before.

const EARLIER4: usize = memory.data<i32>([0, 0, 0, -1, 0, 0, -1, -1, 0, -1, -1, -1, -2, -2, -2, -2], 16);
const EARLIER8: usize = memory.data<i16>(
  [0, 0, 0, -1, 0, 0, 0, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, -2, -2, -2, -2, -2, -2, -2, -2],
  16,
);

/** For each rotation, one less where it brings an earlier element; and last, minus the number that may come before. */
// @ts-ignore: decorator
@inline
function bias<T>(index: usize): v128 {
  return v128.load((isFloat<T>() ? EARLIER4 : EARLIER8) + (index << 4));
}

// @ts-ignore: decorator
@inline
function keepOf<T>(v: v128, bias1: v128, bias2: v128, bias3: v128, most: v128): v128 {
  if (isFloat<T>()) {
    const one = i32x4.gt_s(i32x4.shuffle(v, v, 1, 2, 3, 0), i32x4.add(v, bias1));
    const two = i32x4.gt_s(i32x4.shuffle(v, v, 2, 3, 0, 1), i32x4.add(v, bias2));
    const three = i32x4.gt_s(i32x4.shuffle(v, v, 3, 0, 1, 2), i32x4.add(v, bias3));
    return i32x4.gt_s(i32x4.add(i32x4.add(one, two), three), most);
  }
  const one = i16x8.gt_s(i16x8.shuffle(v, v, 1, 2, 3, 0, 5, 6, 7, 4), i16x8.add(v, bias1));
  const two = i16x8.gt_s(i16x8.shuffle(v, v, 2, 3, 0, 1, 6, 7, 4, 5), i16x8.add(v, bias2));
  const three = i16x8.gt_s(i16x8.shuffle(v, v, 3, 0, 1, 2, 7, 4, 5, 6), i16x8.add(v, bias3));
  return i16x8.gt_s(i16x8.add(i16x8.add(one, two), three), most);
}

/** Counts magnitudes of 16-bit elements: `hist` has 32768 u32, one for each pattern without the sign. */
export function histogram16(src: usize, count: i32, hist: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const four = load<u64>(src);
    bump(hist, <usize>four & 0x7fff);
    bump(hist, <usize>(four >> 16) & 0x7fff);
    bump(hist, <usize>(four >> 32) & 0x7fff);
    bump(hist, <usize>(four >> 48) & 0x7fff);
    src += 8;
  }
  for (; i < count; i++) {
    bump(hist, <usize>load<u16>(src) & 0x7fff);
    src += 2;
  }
}

// @ts-ignore: decorator
@inline
function bump(hist: usize, index: usize): void {
  const at = hist + (index << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Counts f32 magnitudes by their upper 16 bits: `hist` has 32768 u32. */
export function histogramF32High(src: usize, count: i32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    bump(hist, <usize>load<u16>(src, 2) & 0x7fff);
    src += 4;
  }
}

/** Counts, of the f32 magnitudes whose upper 16 bits are `high`, the lower 16 bits: `hist` has 65536 u32. */
export function histogramF32Low(src: usize, count: i32, high: u32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    const bits = load<u32>(src) & 0x7fffffff;
    if (bits >> 16 == high) bump(hist, <usize>bits & 0xffff);
    src += 4;
  }
}

/**
 * Zeroes what is smaller than `threshold` (bits without the sign), and the first `ties` elements that equal it; returns
 * the ties left. What is lost goes into signal and noise.
 */
export function pruneBelowF32(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  return pruneBelow<f32>(src, count, threshold, ties, stats);
}

export function pruneBelowBf16(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  return pruneBelow<u16>(src, count, threshold, ties, stats);
}

export function pruneBelowF16(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  return pruneBelow<i16>(src, count, threshold, ties, stats);
}

/** Of each four along a row keeps the two largest magnitudes, the earlier one where they are equal. A rest stays. */
export function prune24F32(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<f32>(src, rows, cols, stats);
}

export function prune24Bf16(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<u16>(src, rows, cols, stats);
}

export function prune24F16(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<i16>(src, rows, cols, stats);
}
