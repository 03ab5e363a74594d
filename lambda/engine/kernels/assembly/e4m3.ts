import {
  BF16_KEEP, E4M3_MAGIC_EXPONENT, E4M3_MAX, E4M3_MIN_NORMAL, E4M3_REBIAS, EXPONENT, F16_NOTHING, F16_UNBIAS, MAGNITUDE8,
  SIGN, SIGN_BYTE, word,
} from './constants';
import { isBf16 } from './dtype';
import { encodeBf16 } from './e4m3-bf16';
import { INVERSE, SCALE } from './group-scales';
import { evens, flush, halfIndex, nearQuotient, odds, over, weave } from './lanes';
import { addRun, countBytes, dropZeros, squares } from './stats';
import { fillTail, LANES, TAIL } from './tail';

/** The magnitude of an e4m3 number, from any magnitude up to 448: nearest, ties to even. */
// @ts-ignore: decorator
@inline
function toE4m3(x: v128, minNormal: v128, exponent: v128, magicExponent: v128): v128 {
  // A power of two whose f32 ulp is the spacing of e4m3 numbers near x pushes out all bits that e4m3 lacks.
  const magic = i32x4.add(v128.and(i32x4.max_s(x, minNormal), exponent), magicExponent);
  return f32x4.sub(f32x4.add(x, magic), magic);
}

/** Rounds one positive number up to 448 to e4m3, ties to even. */
export function nearestE4m3(x: f32): f32 {
  return f32x4.extract_lane(
    toE4m3(f32x4.splat(x), word(E4M3_MIN_NORMAL), word(EXPONENT), word(E4M3_MAGIC_EXPONENT)),
    0,
  );
}

/** The byte of a positive e4m3 number. */
export function e4m3Byte(x: f32): u8 {
  return <u8>(reinterpret<u32>(x * reinterpret<f32>(0x03800000)) >> 20);
}

/**
 * Encodes `groups` runs of `size` weights, a multiple of 16, with the scales of group-scales.ts from `first` on. M is as in
 * lanes.ts. As the reference adds a zero point of 0 to the quotient, -0 becomes 0; a negative quotient that is rounded to 0
 * keeps its sign.
 */
function encode<T, R, M>(src: usize, first: i32, groups: i32, size: i32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const upper = word(BF16_KEEP);
  const half = word(halfIndex<R>());
  const keep = word(halfIndex<R>() + 1);
  const sign = word(SIGN);
  const nothing = word(F16_NOTHING);
  const highest = word(E4M3_MAX);
  const least = word(E4M3_MIN_NORMAL);
  const exponent = word(EXPONENT);
  const magicExponent = word(E4M3_MAGIC_EXPONENT);
  const rebias = word(E4M3_REBIAS);
  const signByte = word(SIGN_BYTE);
  const magnitudes = word(MAGNITUDE8);
  const zero = i8x16.splat(0);
  for (let group = <usize>first << 2; group < <usize>(first + groups) << 2; group += 4) {
    const s = v128.load32_splat((sizeof<M>() == 1 ? INVERSE : SCALE) + group);
    let signal = zero;
    let noise = zero;
    let zeros = zero;
    const end = dst + <usize>size;
    while (dst < end) {
      const x0 = over<M>(evens<T>(src, upper, unbias), s);
      const r0 = f32x4.add(flush<R>(nearQuotient<R>(x0, half, keep), sign, nothing), zero);
      const y0 = toE4m3(f32x4.pmin(v128.andnot(r0, sign), highest), least, exponent, magicExponent);
      const d0 = f32x4.sub(v128.andnot(x0, sign), y0);
      const c0 = v128.or(i32x4.shr_u(f32x4.mul(y0, rebias), 20), v128.and(i32x4.shr_u(r0, 24), signByte));
      const x1 = over<M>(odds<T>(src, upper, unbias), s);
      const r1 = f32x4.add(flush<R>(nearQuotient<R>(x1, half, keep), sign, nothing), zero);
      const y1 = toE4m3(f32x4.pmin(v128.andnot(r1, sign), highest), least, exponent, magicExponent);
      const d1 = f32x4.sub(v128.andnot(x1, sign), y1);
      const c1 = v128.or(i32x4.shr_u(f32x4.mul(y1, rebias), 20), v128.and(i32x4.shr_u(r1, 24), signByte));
      src += 8 * sizeof<T>();
      const x2 = over<M>(evens<T>(src, upper, unbias), s);
      const r2 = f32x4.add(flush<R>(nearQuotient<R>(x2, half, keep), sign, nothing), zero);
      const y2 = toE4m3(f32x4.pmin(v128.andnot(r2, sign), highest), least, exponent, magicExponent);
      const d2 = f32x4.sub(v128.andnot(x2, sign), y2);
      const c2 = v128.or(i32x4.shr_u(f32x4.mul(y2, rebias), 20), v128.and(i32x4.shr_u(r2, 24), signByte));
      const x3 = over<M>(odds<T>(src, upper, unbias), s);
      const r3 = f32x4.add(flush<R>(nearQuotient<R>(x3, half, keep), sign, nothing), zero);
      const y3 = toE4m3(f32x4.pmin(v128.andnot(r3, sign), highest), least, exponent, magicExponent);
      const d3 = f32x4.sub(v128.andnot(x3, sign), y3);
      const c3 = v128.or(i32x4.shr_u(f32x4.mul(y3, rebias), 20), v128.and(i32x4.shr_u(r3, 24), signByte));
      src += 8 * sizeof<T>();
      signal = f32x4.add(signal, f32x4.add(squares(x0, x1), squares(x2, x3)));
      noise = f32x4.add(noise, f32x4.add(squares(d0, d1), squares(d2, d3)));
      const codes = i8x16.narrow_i16x8_u(weave<T>(c0, c1), weave<T>(c2, c3));
      v128.store(dst, codes);
      zeros = i8x16.sub(zeros, i8x16.eq(v128.and(codes, magnitudes), zero));
      dst += 16;
    }
    addRun(stats, signal, noise, load<f32>(SCALE + group), countBytes(zeros));
  }
}

// @ts-ignore: decorator
@inline
function encodeWhole<T, R, M>(src: usize, first: i32, groups: i32, size: i32, dst: usize, stats: usize): void {
  if (isBf16<R>() && sizeof<M>() == 1) encodeBf16(src, first, groups, size, dst, stats);
  else encode<T, R, M>(src, first, groups, size, dst, stats);
}

/** Encodes `groups` runs of `size` weights, up to STRETCH, with the scales of group-scales.ts from `first` on. */
export function encodeE4m3<T, R, M>(src: usize, first: i32, groups: i32, size: i32, dst: usize, stats: usize): void {
  const left = size & (LANES - 1);
  if (left == 0) return encodeWhole<T, R, M>(src, first, groups, size, dst, stats);
  const whole = <usize>(size - left);
  for (let i = 0; i < groups; i++) {
    if (whole > 0) encodeWhole<T, R, M>(src, first + i, 1, <i32>whole, dst, stats);
    encodeWhole<T, R, M>(fillTail(src + whole * sizeof<T>(), left, sizeof<T>()), first + i, 1, LANES, TAIL, stats);
    memory.copy(dst + whole, TAIL, left);
    dropZeros(stats, LANES - left);
    src += <usize>size * sizeof<T>();
    dst += <usize>size;
  }
}
