import { widenBits } from './lanes';

// A stats record: f64 signal at 0, f64 noise at 8, f64 zeros at 16. Kernels add to it. Lanes are summed in f32 over
// short runs and in f64 beyond, so that a long row loses nothing.

/** Vectors of four that are summed in f32 before they go into f64. */
export const RUN: i32 = 256;

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) +
    <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}

// @ts-ignore: decorator
@inline
export function countLanes(v: v128): f64 {
  return <f64>(i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

// @ts-ignore: decorator
@inline
export function addStats(stats: usize, signal: f64, noise: f64, zeros: f64): void {
  store<f64>(stats, load<f64>(stats) + signal);
  store<f64>(stats, load<f64>(stats, 8) + noise, 8);
  store<f64>(stats, load<f64>(stats, 16) + zeros, 16);
}

/** Adds the sums of a run of weights that share a scale; signal and noise are in units of the scale's square. */
// @ts-ignore: decorator
@inline
export function addRun(stats: usize, signal: v128, noise: v128, scale: f32, zeros: i32): void {
  const square = <f64>scale * <f64>scale;
  const s = pairs(signal);
  const n = pairs(noise);
  const sums = f64x2.add(i64x2.shuffle(s, n, 0, 2), i64x2.shuffle(s, n, 1, 3));
  v128.store(stats, f64x2.add(v128.load(stats), f64x2.mul(sums, f64x2.splat(square))));
  store<f64>(stats, load<f64>(stats, 16) + <f64>zeros, 16);
}

/** Takes away zeros that were counted in what filled up a tail. */
export function dropZeros(stats: usize, count: i32): void {
  store<f64>(stats, load<f64>(stats, 16) - <f64>count, 16);
}

/** The sum of eight counts up to 65535. */
// @ts-ignore: decorator
@inline
export function countHalves(counts: v128): i32 {
  const pairs = i32x4.extadd_pairwise_i16x8_u(counts);
  const v = i32x4.add(pairs, i32x4.shuffle(pairs, pairs, 2, 3, 0, 1));
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1);
}

/** The sum of sixteen counts up to 255. */
// @ts-ignore: decorator
@inline
export function countBytes(counts: v128): i32 {
  return countHalves(i16x8.extadd_pairwise_i8x16_u(counts));
}

/** Squares of two vectors, added up. */
// @ts-ignore: decorator
@inline
export function squares(a: v128, b: v128): v128 {
  return f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b));
}

/** Four f32 as two f64. */
// @ts-ignore: decorator
@inline
function pairs(v: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1)));
}

/** Adds the squares of a vector of elements, in f64: squares of large and small f32 do not fit f32. */
// @ts-ignore: decorator
@inline
export function squaresOf<T>(sums: v128, v: v128, unbias: v128): v128 {
  if (isFloat<T>()) return addSquares(sums, v);
  return addSquares(
    addSquares(sums, widenBits<T>(i32x4.extend_low_i16x8_u(v), unbias)),
    widenBits<T>(i32x4.extend_high_i16x8_u(v), unbias),
  );
}

/** Adds the squares of four f32. */
// @ts-ignore: decorator
@inline
export function addSquares(sums: v128, v: v128): v128 {
  const low = f64x2.promote_low_f32x4(v);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1));
  return f64x2.add(sums, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
}

// @ts-ignore: decorator
@inline
export function both(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}
