import {
  E4M3_MAGIC_EXPONENT, E4M3_MAX, E4M3_MIN_NORMAL, E4M3_REBIAS, EXPONENT, F16_NOTHING, F16_UNBIAS, MAGNITUDE8, SIGN,
  SIGN_BYTE, word,
} from './constants';
import { divisor, flush, halfIndex, nearQuotient, over, toUnsignedBytes, widen4 } from './lanes';
import { addRun } from './stats';
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
 * Encodes `count` elements that share a scale; M is as in lanes.ts. As the reference adds a zero point of 0 to the quotient, -0 becomes 0; a
 * negative quotient that is rounded to 0 keeps its sign.
 */
export function encodeE4m3<T, R, M>(src: usize, count: i32, scale: f32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
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
  const s = divisor<M>(scale);
  const magnitudes = word(MAGNITUDE8);
  const zero = i8x16.splat(0);
  let signal = zero;
  let noise = zero;
  let zeros = 0;
  let at = src;
  let to = dst;
  let left = count;
  while (left > 0) {
    if (left < LANES) {
      at = fillTail(at, left, sizeof<T>());
      to = TAIL;
      zeros -= LANES - left;
    }
    const x0 = over<M>(widen4<T>(at, unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x0, x0));
    const r0 = f32x4.add(flush<R>(nearQuotient<R>(x0, half, keep), sign, nothing), zero);
    const y0 = toE4m3(f32x4.pmin(v128.andnot(r0, sign), highest), least, exponent, magicExponent);
    const d0 = f32x4.sub(v128.andnot(x0, sign), y0);
    noise = f32x4.add(noise, f32x4.mul(d0, d0));
    const c0 = v128.or(i32x4.shr_u(f32x4.mul(y0, rebias), 20), v128.and(i32x4.shr_u(r0, 24), signByte));
    const x1 = over<M>(widen4<T>(at + 4 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x1, x1));
    const r1 = f32x4.add(flush<R>(nearQuotient<R>(x1, half, keep), sign, nothing), zero);
    const y1 = toE4m3(f32x4.pmin(v128.andnot(r1, sign), highest), least, exponent, magicExponent);
    const d1 = f32x4.sub(v128.andnot(x1, sign), y1);
    noise = f32x4.add(noise, f32x4.mul(d1, d1));
    const c1 = v128.or(i32x4.shr_u(f32x4.mul(y1, rebias), 20), v128.and(i32x4.shr_u(r1, 24), signByte));
    const x2 = over<M>(widen4<T>(at + 8 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x2, x2));
    const r2 = f32x4.add(flush<R>(nearQuotient<R>(x2, half, keep), sign, nothing), zero);
    const y2 = toE4m3(f32x4.pmin(v128.andnot(r2, sign), highest), least, exponent, magicExponent);
    const d2 = f32x4.sub(v128.andnot(x2, sign), y2);
    noise = f32x4.add(noise, f32x4.mul(d2, d2));
    const c2 = v128.or(i32x4.shr_u(f32x4.mul(y2, rebias), 20), v128.and(i32x4.shr_u(r2, 24), signByte));
    const x3 = over<M>(widen4<T>(at + 12 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, f32x4.mul(x3, x3));
    const r3 = f32x4.add(flush<R>(nearQuotient<R>(x3, half, keep), sign, nothing), zero);
    const y3 = toE4m3(f32x4.pmin(v128.andnot(r3, sign), highest), least, exponent, magicExponent);
    const d3 = f32x4.sub(v128.andnot(x3, sign), y3);
    noise = f32x4.add(noise, f32x4.mul(d3, d3));
    const c3 = v128.or(i32x4.shr_u(f32x4.mul(y3, rebias), 20), v128.and(i32x4.shr_u(r3, 24), signByte));
    const codes = toUnsignedBytes(c0, c1, c2, c3);
    v128.store(to, codes);
    zeros += popcnt(i8x16.bitmask(i8x16.eq(v128.and(codes, magnitudes), zero)));
    at += LANES * sizeof<T>();
    to += LANES;
    left -= LANES;
  }
  if (left < 0) memory.copy(dst + <usize>(count & -LANES), TAIL, count & (LANES - 1));
  addRun(stats, signal, noise, scale, zeros);
}
