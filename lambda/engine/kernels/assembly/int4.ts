import { absmaxBits } from './absmax';
import {
  F16_MIN_NORMAL, F16_SUBNORMAL_MAGIC, F16_UNBIAS, INT4_MAX, INT4_MIN, INTEGER_MAGIC, LOW_BYTES, ONE, SIGN, word,
} from './constants';
import { round1, store1 } from './dtype';
import { halfIndex, near4, nearQuotient, toUnsignedBytes, widen4 } from './lanes';
import { RANGE, rangeOf } from './range';
import { epsilon, fromBits, scaleOf } from './scales';
import { addRun } from './stats';

/**
 * Encodes `count` elements, a multiple of 16, that share a scale and a zero point, as -8 to 7 with 8 added; the earlier
 * one of two in the low four bits. Quotient and sum with the zero point are each rounded to R. Z is u8 where there is a
 * zero point, u16 where it is always 0.
 */
// @ts-ignore: decorator
@inline
export function encode4<T, R, Z>(src: usize, count: i32, scale: f32, zeroPoint: f32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const half = word(halfIndex<R>());
  const keep = word(halfIndex<R>() + 1);
  const one = word(ONE);
  const sign = word(SIGN);
  const minNormal = word(F16_MIN_NORMAL);
  const subnormalMagic = word(F16_SUBNORMAL_MAGIC);
  const magic = word(INTEGER_MAGIC);
  const lowest = word(INT4_MIN);
  const highest = word(INT4_MAX);
  const s = f32x4.splat(scale);
  const z = f32x4.splat(zeroPoint);
  const bias = i32x4.sub(magic, i32x4.splat(8));
  const zeroCode = i8x16.splat(8 + <i8>zeroPoint);
  const low = word(LOW_BYTES);
  let signal = f32x4.splat(0);
  let noise = signal;
  let zeros = 0;
  for (let i = 0; i < count; i += 16) {
    const x0 = f32x4.div(widen4<T>(src, unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x0, x0));
    const r0 = shift<R, Z>(nearQuotient<R>(x0, half, keep), z, half, keep, one, sign, minNormal, subnormalMagic);
    const t0 = f32x4.add(f32x4.pmin(f32x4.pmax(r0, lowest), highest), magic);
    const d0 = f32x4.sub(x0, decoded<Z>(t0, magic, z));
    noise = f32x4.add(noise, f32x4.mul(d0, d0));
    const x1 = f32x4.div(widen4<T>(src + 4 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x1, x1));
    const r1 = shift<R, Z>(nearQuotient<R>(x1, half, keep), z, half, keep, one, sign, minNormal, subnormalMagic);
    const t1 = f32x4.add(f32x4.pmin(f32x4.pmax(r1, lowest), highest), magic);
    const d1 = f32x4.sub(x1, decoded<Z>(t1, magic, z));
    noise = f32x4.add(noise, f32x4.mul(d1, d1));
    const x2 = f32x4.div(widen4<T>(src + 8 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x2, x2));
    const r2 = shift<R, Z>(nearQuotient<R>(x2, half, keep), z, half, keep, one, sign, minNormal, subnormalMagic);
    const t2 = f32x4.add(f32x4.pmin(f32x4.pmax(r2, lowest), highest), magic);
    const d2 = f32x4.sub(x2, decoded<Z>(t2, magic, z));
    noise = f32x4.add(noise, f32x4.mul(d2, d2));
    const x3 = f32x4.div(widen4<T>(src + 12 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x3, x3));
    const r3 = shift<R, Z>(nearQuotient<R>(x3, half, keep), z, half, keep, one, sign, minNormal, subnormalMagic);
    const t3 = f32x4.add(f32x4.pmin(f32x4.pmax(r3, lowest), highest), magic);
    const d3 = f32x4.sub(x3, decoded<Z>(t3, magic, z));
    noise = f32x4.add(noise, f32x4.mul(d3, d3));
    const codes = toUnsignedBytes(i32x4.sub(t0, bias), i32x4.sub(t1, bias), i32x4.sub(t2, bias), i32x4.sub(t3, bias));
    zeros += popcnt(i8x16.bitmask(i8x16.eq(codes, zeroCode)));
    const pairs = v128.and(v128.or(codes, i16x8.shr_u(codes, 4)), low);
    v128.store64_lane(dst, i8x16.narrow_i16x8_u(pairs, pairs), 0);
    src += 16 * sizeof<T>();
    dst += 8;
  }
  addRun(stats, signal, noise, scale, zeros);
}

// @ts-ignore: decorator
@inline
function decoded<Z>(t: v128, magic: v128, z: v128): v128 {
  const q = f32x4.sub(t, magic);
  return sizeof<Z>() == 1 ? f32x4.sub(q, z) : q;
}

// @ts-ignore: decorator
@inline
function shift<R, Z>(
  x: v128, z: v128, half: v128, keep: v128, one: v128, sign: v128, minNormal: v128, subnormalMagic: v128,
): v128 {
  if (sizeof<Z>() != 1) return x;
  return near4<R>(f32x4.add(x, z), half, keep, one, sign, minNormal, subnormalMagic);
}

export function encodeSymmetric<T, R>(src: usize, count: i32, scale: f32, dst: usize, stats: usize): void {
  encode4<T, R, u16>(src, count, scale, 0, dst, stats);
}

export function encodeAsymmetric<T, R>(src: usize, count: i32, scale: f32, zeroPoint: f32, dst: usize, stats: usize): void {
  encode4<T, R, u8>(src, count, scale, zeroPoint, dst, stats);
}

function symmetric<T>(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const bits = absmaxBits<T>(src, size);
    largest = max(largest, bits);
    const scale = scaleOf<T>(fromBits<T>(bits), 7.5);
    store1<T>(scales, scale);
    encodeSymmetric<T, T>(src, size, scale, dst, stats);
    src += <usize>size * sizeof<T>();
    dst += <usize>(size >> 1);
    scales += sizeof<T>();
  }
  return largest;
}

function asymmetric<T>(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    largest = max(largest, rangeOf<T>(src, size));
    const scale = scaleOfRange<T>();
    const zeroPoint = zeroPointOf<T>(scale);
    store1<T>(scales, scale == 0 ? epsilon<T>() : scale);
    store<i8>(zeroPoints, <i8>zeroPoint);
    encodeAsymmetric<T, T>(src, size, scale == 0 ? epsilon<T>() : scale, zeroPoint, dst, stats);
    src += <usize>size * sizeof<T>();
    dst += <usize>(size >> 1);
    scales += sizeof<T>();
    zeroPoints++;
  }
  return largest;
}

/** The scale of the range that was found, which may be 0. A span that the type has no number for is not rounded. */
// @ts-ignore: decorator
@inline
export function scaleOfRange<T>(): f32 {
  const exactSpan = load<f32>(RANGE, 4) - load<f32>(RANGE);
  const span = round1<T>(exactSpan);
  return round1<T>((isFinite(span) ? span : exactSpan) / 15);
}

/** The zero point of the range that was found. Where all weights are zero it is 0, as the reference has it. */
// @ts-ignore: decorator
@inline
export function zeroPointOf<T>(scale: f32): f32 {
  const exactQuotient = load<f32>(RANGE) / scale;
  if (isNaN(exactQuotient)) return 0;
  const quotient = round1<T>(exactQuotient);
  return nearest<f32>(max<f32>(min<f32>(round1<T>(-8 - quotient), 7), -8));
}

/** Packs `rows` x `groups` zero points (i8) along the rows: row r goes into word r / 8, four bits each, 8 added. */
export function packZeroPoints(src: usize, rows: i32, groups: i32, dst: usize): void {
  for (let top = 0; top < rows; top += 8) {
    const height = min(8, rows - top);
    for (let group = 0; group < groups; group++) {
      let packed: u32 = 0;
      for (let row = 0; row < height; row++) {
        packed |= <u32>(load<i8>(src + <usize>(row * groups + group)) + 8) << (row << 2);
      }
      store<u32>(dst, packed);
      dst += 4;
    }
    src += <usize>(height * groups);
  }
}

/** int4 with a scale for each group, as the reference makes it; returns the largest magnitude's bits. */
export function int4GroupsF32Exact(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  return symmetric<f32>(src, groups, size, dst, scales, stats);
}

export function int4GroupsBf16Exact(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  return symmetric<u16>(src, groups, size, dst, scales, stats);
}

export function int4GroupsF16Exact(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  return symmetric<i16>(src, groups, size, dst, scales, stats);
}

/** int4 with a scale and a zero point (i8) for each group, as the reference makes it. */
export function int4GroupsAsymmetricF32Exact(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  return asymmetric<f32>(src, groups, size, dst, scales, zeroPoints, stats);
}

export function int4GroupsAsymmetricBf16Exact(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  return asymmetric<u16>(src, groups, size, dst, scales, zeroPoints, stats);
}

export function int4GroupsAsymmetricF16Exact(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  return asymmetric<i16>(src, groups, size, dst, scales, zeroPoints, stats);
}
