import { F16_UNBIAS, MAGNITUDE, MAGNITUDE16, word } from './constants';
import { load1 } from './dtype';
import { magnitude } from './histogram';
import { addStats, both, squaresOf } from './stats';

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

/** The same along columns: of each four rows, as long as `stride`; `rows` is a multiple of 4. */
export function prune24StridedF32(src: usize, rows: i32, stride: i32, stats: usize): void {
  const mask = word(MAGNITUDE);
  const step = <usize>stride << 2;
  let sums = f64x2.splat(0);
  let rest: f64 = 0;
  for (let quad = rows >> 2; quad > 0; quad--) {
    let i = 0;
    for (; i + 4 <= stride; i += 4) {
      const at = src + (<usize>i << 2);
      const a = v128.load(at);
      const b = v128.load(at + step);
      const c = v128.load(at + 2 * step);
      const d = v128.load(at + 3 * step);
      const ma = v128.and(a, mask);
      const mb = v128.and(b, mask);
      const mc = v128.and(c, mask);
      const md = v128.and(d, mask);
      // -1 where the later one is larger; then it comes before the earlier one, and otherwise behind it.
      const ba = i32x4.gt_s(mb, ma);
      const ca = i32x4.gt_s(mc, ma);
      const da = i32x4.gt_s(md, ma);
      const cb = i32x4.gt_s(mc, mb);
      const db = i32x4.gt_s(md, mb);
      const dc = i32x4.gt_s(md, mc);
      // Minus the number that comes before; two may not.
      const least = i32x4.splat(-1);
      sums = dropBehind(at, a, i32x4.lt_s(i32x4.add(i32x4.add(ba, ca), da), least), sums);
      sums = dropBehind(at + step, b, i32x4.lt_s(i32x4.add(i32x4.add(cb, db), v128.not(ba)), least), sums);
      sums = dropBehind(at + 2 * step, c, i32x4.lt_s(i32x4.add(i32x4.add(v128.not(ca), v128.not(cb)), dc), least), sums);
      const all = i32x4.add(i32x4.add(v128.not(da), v128.not(db)), v128.not(dc));
      sums = dropBehind(at + 3 * step, d, i32x4.lt_s(all, least), sums);
    }
    for (; i < stride; i++) rest += drop2Of4(src + (<usize>i << 2), step);
    src += 4 * step;
  }
  addStats(stats, both(sums) + rest, both(sums) + rest, 0);
}

// @ts-ignore: decorator
@inline
function dropBehind(at: usize, v: v128, out: v128, sums: v128): v128 {
  v128.store(at, v128.andnot(v, out));
  return squaresOf<f32>(sums, v128.and(v, out), v);
}

function drop2Of4(at: usize, step: usize): f64 {
  let lost: f64 = 0;
  for (let turn = 0; turn < 2; turn++) {
    // The smallest, the last of equal ones; what went is not found again.
    let least: usize = 0;
    let bits: u32 = 0xffffffff;
    for (let k: usize = 0; k < 4; k++) {
      const magnitude = load<u32>(at + k * step) & 0x7fffffff;
      const gone = turn == 1 && at + k * step == first;
      if (!gone && magnitude <= bits) {
        bits = magnitude;
        least = at + k * step;
      }
    }
    first = least;
    lost += drop<f32>(least);
  }
  return lost;
}

/** What the first turn took. */
let first: usize = 0;

export function prune24Bf16(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<u16>(src, rows, cols, stats);
}

export function prune24F16(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<i16>(src, rows, cols, stats);
}
