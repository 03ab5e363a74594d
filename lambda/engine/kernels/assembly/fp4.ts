import { absmaxBits } from './absmax';
import {
  E2M1_MAGIC_EXPONENT, E2M1_MAX, E2M1_MIN_NORMAL, EXPONENT, F16_NOTHING, F16_UNBIAS, HALVES_MAGIC, LOW_BYTES, NIBBLES,
  SIGN, SIGN_BYTE, word,
} from './constants';
import { round1 } from './dtype';
import { e4m3Byte, nearestE4m3 } from './e4m3';
import { divisor, flush, halfIndex, nearQuotient, over, toUnsignedBytes, widen4 } from './lanes';
import { mxExponent, mxScale } from './mx';
import { fromBits } from './scales';
import { addRun } from './stats';

/** By twice the magnitude of an e2m1 number, its code. */
const CODES: usize = memory.data<u8>([0, 1, 2, 3, 4, 0, 5, 0, 6, 0, 0, 0, 7, 0, 0, 0]);

/** Sums of a scale that is only tried. */
const TRIAL: usize = memory.data(24, 16);

/** The magnitude of an e2m1 number, from any magnitude up to 6: nearest, ties to even. */
// @ts-ignore: decorator
@inline
function toE2m1(x: v128, minNormal: v128, exponent: v128, magicExponent: v128): v128 {
  const magic = i32x4.add(v128.and(i32x4.max_s(x, minNormal), exponent), magicExponent);
  return f32x4.sub(f32x4.add(x, magic), magic);
}

/** Twice the magnitude in the low bits, and the sign in bit 7. */
// @ts-ignore: decorator
@inline
function signedHalves(y: v128, rounded: v128, halves: v128, signByte: v128, zero: v128): v128 {
  return v128.or(i32x4.sub(f32x4.add(y, halves), halves), v128.and(f32x4.lt(rounded, zero), signByte));
}

/** Encodes `count` elements, a multiple of 16, that share a scale; the earlier one of two in the low four bits. */
function encode<T, R, M>(src: usize, count: i32, scale: f32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const half = word(halfIndex<R>());
  const keep = word(halfIndex<R>() + 1);
  const sign = word(SIGN);
  const nothing = word(F16_NOTHING);
  const highest = word(E2M1_MAX);
  const least = word(E2M1_MIN_NORMAL);
  const exponent = word(EXPONENT);
  const magicExponent = word(E2M1_MAGIC_EXPONENT);
  const halves = word(HALVES_MAGIC);
  const signByte = word(SIGN_BYTE);
  const codes = v128.load(CODES);
  const s = divisor<M>(scale);
  const nibble = word(NIBBLES);
  const low = word(LOW_BYTES);
  const zero = i8x16.splat(0);
  let signal = zero;
  let noise = zero;
  let zeros = 0;
  for (let i = 0; i < count; i += 16) {
    const x0 = over<M>(widen4<T>(src, unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x0, x0));
    const r0 = flush<R>(nearQuotient<R>(x0, half, keep), sign, nothing);
    const y0 = toE2m1(f32x4.pmin(v128.andnot(r0, sign), highest), least, exponent, magicExponent);
    const d0 = f32x4.sub(v128.andnot(x0, sign), y0);
    noise = f32x4.add(noise, f32x4.mul(d0, d0));
    const h0 = signedHalves(y0, r0, halves, signByte, zero);
    const x1 = over<M>(widen4<T>(src + 4 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x1, x1));
    const r1 = flush<R>(nearQuotient<R>(x1, half, keep), sign, nothing);
    const y1 = toE2m1(f32x4.pmin(v128.andnot(r1, sign), highest), least, exponent, magicExponent);
    const d1 = f32x4.sub(v128.andnot(x1, sign), y1);
    noise = f32x4.add(noise, f32x4.mul(d1, d1));
    const h1 = signedHalves(y1, r1, halves, signByte, zero);
    const x2 = over<M>(widen4<T>(src + 8 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x2, x2));
    const r2 = flush<R>(nearQuotient<R>(x2, half, keep), sign, nothing);
    const y2 = toE2m1(f32x4.pmin(v128.andnot(r2, sign), highest), least, exponent, magicExponent);
    const d2 = f32x4.sub(v128.andnot(x2, sign), y2);
    noise = f32x4.add(noise, f32x4.mul(d2, d2));
    const h2 = signedHalves(y2, r2, halves, signByte, zero);
    const x3 = over<M>(widen4<T>(src + 12 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x3, x3));
    const r3 = flush<R>(nearQuotient<R>(x3, half, keep), sign, nothing);
    const y3 = toE2m1(f32x4.pmin(v128.andnot(r3, sign), highest), least, exponent, magicExponent);
    const d3 = f32x4.sub(v128.andnot(x3, sign), y3);
    noise = f32x4.add(noise, f32x4.mul(d3, d3));
    const h3 = signedHalves(y3, r3, halves, signByte, zero);
    const bytes = toUnsignedBytes(h0, h1, h2, h3);
    const magnitudes = i8x16.swizzle(codes, v128.and(bytes, nibble));
    zeros += popcnt(i8x16.bitmask(i8x16.eq(magnitudes, zero)));
    const whole = v128.or(magnitudes, i8x16.shr_u(v128.andnot(bytes, nibble), 4));
    const pairs = v128.and(v128.or(whole, i16x8.shr_u(whole, 4)), low);
    v128.store64_lane(dst, i8x16.narrow_i16x8_u(pairs, pairs), 0);
    src += 16 * sizeof<T>();
    dst += 8;
  }
  addRun(stats, signal, noise, scale, zeros);
}

/** A scale as loaders decode it: an e4m3 number, and never 0. */
// @ts-ignore: decorator
@inline
function nvScale(global: f32, scale: f32): f32 {
  const nearest = nearestE4m3(min<f32>(global * scale, 448));
  return nearest == 0 ? 0.125 : nearest;
}

/** The squared error of 16 weights with a scale; what is encoded at `dst` is overwritten. */
function noiseOf<T>(src: usize, scale: f32, dst: usize): f64 {
  memory.fill(TRIAL, 0, 24);
  encode<T, f32, u16>(src, 16, scale, dst, TRIAL);
  return load<f64>(TRIAL, 8);
}

function nvGroups<T, R>(src: usize, groups: i32, global: f32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const bits = absmaxBits<T>(src, 16);
    largest = max(largest, bits);
    const own = fromBits<T>(bits) / 6;
    let scale = nvScale(global, round1<R>(own));
    if (isFloat<R>() && !isFloat<T>()) {
      // Where rounding to the weights' type leads to the scale beside it, that one may happen to fit better.
      const other = nvScale(global, round1<T>(own));
      if (other != scale && noiseOf<T>(src, other / global, dst) < noiseOf<T>(src, scale / global, dst)) scale = other;
    }
    store<u8>(scales, e4m3Byte(scale));
    encode<T, f32, u16>(src, 16, scale / global, dst, stats);
    src += 16 * sizeof<T>();
    dst += 8;
    scales++;
  }
  return largest;
}

function mxGroups<T, R>(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const bits = absmaxBits<T>(src, 32);
    largest = max(largest, bits);
    const exponent = mxExponent<T>(bits, 2);
    store<u8>(scales, <u8>exponent);
    encode<T, R, u8>(src, 32, mxScale(exponent), dst, stats);
    src += 32 * sizeof<T>();
    dst += 16;
    scales++;
  }
  return largest;
}

/** e2m1 with an e4m3 scale for each 16, under a global scale; returns the largest magnitude's bits. */
export function nvfp4GroupsF32(src: usize, groups: i32, global: f32, dst: usize, scales: usize, stats: usize): u32 {
  return nvGroups<f32, f32>(src, groups, global, dst, scales, stats);
}

export function nvfp4GroupsBf16(src: usize, groups: i32, global: f32, dst: usize, scales: usize, stats: usize): u32 {
  return nvGroups<u16, f32>(src, groups, global, dst, scales, stats);
}

export function nvfp4GroupsBf16Exact(src: usize, groups: i32, global: f32, dst: usize, scales: usize, stats: usize): u32 {
  return nvGroups<u16, u16>(src, groups, global, dst, scales, stats);
}

export function nvfp4GroupsF16(src: usize, groups: i32, global: f32, dst: usize, scales: usize, stats: usize): u32 {
  return nvGroups<i16, f32>(src, groups, global, dst, scales, stats);
}

export function nvfp4GroupsF16Exact(src: usize, groups: i32, global: f32, dst: usize, scales: usize, stats: usize): u32 {
  return nvGroups<i16, i16>(src, groups, global, dst, scales, stats);
}

/** e2m1 with a power of two for each 32. */
export function mxfp4GroupsF32(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<f32, f32>(src, groups, dst, scales, stats);
}

export function mxfp4GroupsBf16(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<u16, f32>(src, groups, dst, scales, stats);
}

export function mxfp4GroupsBf16Exact(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<u16, u16>(src, groups, dst, scales, stats);
}

export function mxfp4GroupsF16(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<i16, f32>(src, groups, dst, scales, stats);
}

export function mxfp4GroupsF16Exact(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<i16, i16>(src, groups, dst, scales, stats);
}
