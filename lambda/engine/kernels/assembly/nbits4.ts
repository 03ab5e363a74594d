import { bestGain, bestPoint, bestScale, errorOf, LARGEST, search, SMALLEST, take } from './best4';
import { LOW_BYTES, word } from './constants';
import { encodeAsymmetric, encodeSymmetric } from './int4';
import { toUnsignedBytes } from './lanes';
import { rangeOf } from './range';
import { addRun, dropZeros } from './stats';

// Blocks of four-bit integers as onnxruntime's MatMulNBits takes them: 8 (or a zero point) added, two a byte, the earlier
// one low. The largest magnitude becomes -8, so that a scale may be negative. Of a block, `used` weights are the matrix's
// own, and the rest are zeros that fill it up.

/**
 * Encodes as onnxruntime does: multiplies with the inverse of the scale, and rounds ties away from zero. `point` is what
 * is added: before rounding for MatMulNBits, where R is u8, and after it for DequantizeLinear, where R is u16.
 */
function encodeExact<R>(src: usize, size: i32, scale: f32, point: f32, dst: usize, stats: usize): void {
  const inverse = f32x4.splat(scale == 0 ? 0 : 1 / scale);
  const decode = f32x4.splat(scale);
  const z = f32x4.splat(point);
  const zero = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  const most = f32x4.splat(15);
  const zeroCode = i8x16.splat(<i8>point);
  const low = word(LOW_BYTES);
  let signal = zero;
  let noise = zero;
  let zeros = 0;
  for (let i = 0; i < size; i += 16) {
    const q0 = near<R>(v128.load(src), inverse, z, half, zero, most);
    const q1 = near<R>(v128.load(src, 16), inverse, z, half, zero, most);
    const q2 = near<R>(v128.load(src, 32), inverse, z, half, zero, most);
    const q3 = near<R>(v128.load(src, 48), inverse, z, half, zero, most);
    for (let k: usize = 0; k < 4; k++) {
      const q = k == 0 ? q0 : k == 1 ? q1 : k == 2 ? q2 : q3;
      const w = v128.load(src + (k << 4));
      const d = f32x4.sub(w, f32x4.mul(f32x4.sub(q, z), decode));
      signal = f32x4.add(signal, f32x4.mul(w, w));
      noise = f32x4.add(noise, f32x4.mul(d, d));
    }
    const codes = toUnsignedBytes(
      i32x4.trunc_sat_f32x4_s(q0),
      i32x4.trunc_sat_f32x4_s(q1),
      i32x4.trunc_sat_f32x4_s(q2),
      i32x4.trunc_sat_f32x4_s(q3),
    );
    zeros += popcnt(i8x16.bitmask(i8x16.eq(codes, zeroCode)));
    const pairs = v128.and(v128.or(codes, i16x8.shr_u(codes, 4)), low);
    v128.store64_lane(dst, i8x16.narrow_i16x8_u(pairs, pairs), 0);
    src += 64;
    dst += 8;
  }
  addRun(stats, signal, noise, 1, zeros);
}

// @ts-ignore: decorator
@inline
function near<R>(w: v128, inverse: v128, z: v128, half: v128, zero: v128, most: v128): v128 {
  const scaled = f32x4.mul(w, inverse);
  const v = sizeof<R>() == 1 ? f32x4.add(scaled, z) : scaled;
  const whole = f32x4.trunc(v);
  const rest = f32x4.sub(v, whole);
  const up = v128.and(f32x4.ge(sizeof<R>() == 1 ? rest : f32x4.abs(rest), half), f32x4.splat(1));
  // Away from zero is up where the zero point, which makes everything positive, is in it already.
  const step = sizeof<R>() == 1 ? up : v128.or(up, v128.and(v, f32x4.splat(-0.0)));
  const sum = f32x4.add(whole, step);
  return f32x4.pmin(f32x4.pmax(sizeof<R>() == 1 ? sum : f32x4.add(sum, z), zero), most);
}

/**
 * Bytes of nothing but filling are 0, and zeros that fill up do not count. Half a byte of filling repeats the half before,
 * as onnxruntime leaves it there.
 */
// @ts-ignore: decorator
@inline
function trim(dst: usize, used: i32, size: i32, stats: usize): void {
  if (used == size) return;
  const bytes = (used + 1) >> 1;
  memory.fill(dst + <usize>bytes, 0, (size >> 1) - bytes);
  if ((used & 1) == 1 && used > 1) {
    const last = dst + <usize>(bytes - 1);
    store<u8>(last, (load<u8>(last) & 15) | (load<u8>(last - 1) & 0xf0));
  }
  dropZeros(stats, size - used);
}

/** The scale that makes the largest magnitude -8; of two as large, the negative one counts. For zeros it is -0. */
// @ts-ignore: decorator
@inline
function signedScale(negative: u32, positive: u32): f32 {
  const extreme = positive > negative ? reinterpret<f32>(positive) : negative == 0 ? 0 : -reinterpret<f32>(negative);
  return extreme / -8;
}

/** What fills a block up is trimmed for MatMulNBits, and stays encoded for DequantizeLinear; its zeros do not count. */
// @ts-ignore: decorator
@inline
function fillUp<R>(dst: usize, used: i32, size: i32, stats: usize): void {
  if (sizeof<R>() == 1) trim(dst, used, size, stats);
  else if (used != size) dropZeros(stats, size - used);
}

/** R is as with encodeExact. */
// @ts-ignore: decorator
@inline
export function symmetricExact<R>(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32, stats: usize,
): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < blocks; i++) {
    const range = rangeOf<f32>(src, size);
    const negative = <u32>(range >> 32);
    const positive = <u32>range;
    largest = max(largest, max(negative, positive));
    const scale = signedScale(negative, positive);
    store<f32>(scales, scale);
    encodeExact<R>(src, size, scale, 8, dst, stats);
    fillUp<R>(dst, used, size, stats);
    src += <usize>size << 2;
    dst += <usize>dstStride;
    scales += <usize>scaleStride;
  }
  return largest;
}

/**
 * Encodes `blocks` blocks of `size` weights (a multiple of 16), which follow each other, each with a scale. Blocks go to
 * `dst` and scales to `scales` at distances of `dstStride` and `scaleStride` bytes. Returns the largest magnitude's bits.
 */
export function nbits4F32Exact(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32, stats: usize,
): u32 {
  return symmetricExact<u8>(src, blocks, size, used, dst, dstStride, scales, scaleStride, stats);
}

/** The same with the scale of least error. */
export function nbits4F32(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32, stats: usize,
): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < blocks; i++) {
    const range = rangeOf<f32>(src, size);
    const negative = <u32>(range >> 32);
    const positive = <u32>range;
    largest = max(largest, max(negative, positive));
    const absmax = reinterpret<f32>(max(negative, positive));
    const first = signedScale(negative, positive);
    let scale = first;
    if (absmax > SMALLEST && absmax < LARGEST) {
      take<f32>(src, size);
      search(first, 0, false);
      if (bestGain > 0 && errorOf(bestScale, 0) < errorOf(first, 0)) scale = bestScale;
    }
    store<f32>(scales, scale);
    if (scale == first) encodeExact<u8>(src, size, scale, 8, dst, stats);
    else encodeSymmetric<f32>(src, size, scale, dst, stats);
    trim(dst, used, size, stats);
    src += <usize>size << 2;
    dst += <usize>dstStride;
    scales += <usize>scaleStride;
  }
  return largest;
}

/** The scale with which 0 to 15 reach from the least weight to the largest. */
// @ts-ignore: decorator
@inline
function asymmetricScale(negative: u32, positive: u32): f32 {
  return (reinterpret<f32>(positive) + reinterpret<f32>(negative)) / 15;
}

// @ts-ignore: decorator
@inline
function pointOf(least: f32, scale: f32): f32 {
  const exact = scale == 0 ? least : -least / scale;
  return <f32>floor<f32>(max<f32>(min<f32>(exact, 15), 0) + 0.5);
}

/** R is as with encodeExact. */
// @ts-ignore: decorator
@inline
export function asymmetricExact<R>(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < blocks; i++) {
    const range = rangeOf<f32>(src, size);
    const negative = <u32>(range >> 32);
    const positive = <u32>range;
    largest = max(largest, max(negative, positive));
    const least = -reinterpret<f32>(negative);
    const scale = asymmetricScale(negative, positive);
    const point = pointOf(least, scale);
    store<f32>(scales, scale);
    store<u8>(points, <u8>point);
    encodeExact<R>(src, size, scale, point, dst, stats);
    fillUp<R>(dst, used, size, stats);
    src += <usize>size << 2;
    dst += <usize>dstStride;
    scales += <usize>scaleStride;
    points += <usize>pointStride;
  }
  return largest;
}

/** With a zero point for each block as well (u8, at distances of `pointStride` bytes), from 0 to 15. */
export function nbits4AsymmetricF32Exact(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): u32 {
  return asymmetricExact<u8>(src, blocks, size, used, dst, dstStride, scales, scaleStride, points, pointStride, stats);
}

/** The same with the scale and the zero point of least error. */
export function nbits4AsymmetricF32(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < blocks; i++) {
    const range = rangeOf<f32>(src, size);
    const negative = <u32>(range >> 32);
    const positive = <u32>range;
    largest = max(largest, max(negative, positive));
    const absmax = reinterpret<f32>(max(negative, positive));
    const least = -reinterpret<f32>(negative);
    const first = asymmetricScale(negative, positive);
    const firstPoint = pointOf(least, first) - 8;
    let scale = first;
    let point = firstPoint;
    if (absmax > SMALLEST && absmax < LARGEST) {
      take<f32>(src, size);
      search(first, firstPoint, true);
      if (bestGain > 0 && errorOf(bestScale, bestPoint) < errorOf(first, firstPoint)) {
        scale = bestScale;
        point = bestPoint;
      }
    }
    store<f32>(scales, scale);
    store<u8>(points, <u8>(point + 8));
    if (scale == first && point == firstPoint) encodeExact<u8>(src, size, scale, point + 8, dst, stats);
    else encodeAsymmetric<f32>(src, size, scale, point, dst, stats);
    trim(dst, used, size, stats);
    src += <usize>size << 2;
    dst += <usize>dstStride;
    scales += <usize>scaleStride;
    points += <usize>pointStride;
  }
  return largest;
}

/** Packs `rows` rows of `groups` zero points (u8) into four bits each, the earlier one low; an odd last one gets 8 beside. */
export function packPoints(src: usize, rows: i32, groups: i32, dst: usize): void {
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group += 2) {
      const high: u8 = group + 1 < groups ? load<u8>(src, 1) : 8;
      store<u8>(dst, load<u8>(src) | (high << 4));
      src += group + 1 < groups ? 2 : 1;
      dst++;
    }
  }
}
