import { absmaxBits } from './absmax';
import {
  E4M3_MAGIC_EXPONENT, E4M3_MAX, E4M3_MIN_NORMAL, E4M3_REBIAS, EXPONENT, F16_MIN_NORMAL, F16_SUBNORMAL_MAGIC,
  F16_UNBIAS, MAGNITUDE8, ONE, SIGN, SIGN_BYTE, word,
} from './constants';
import { store1 } from './dtype';
import { mxExponent, mxScale } from './mx';
import { halfIndex, near4, squares, toUnsignedBytes, widen4 } from './lanes';
import { fromBits, scaleOf } from './scales';
import { addRun } from './stats';
import { fillTail, LANES, STRETCH, TAIL } from './tail';

/** Rows and columns that share a scale in blocks. */
const BLOCK: i32 = 128;
const BLOCK_BITS: usize = memory.data(4, 4);

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
 * Encodes `count` elements that share a scale. As the reference adds a zero point of 0 to the quotient, -0 becomes 0; a
 * negative quotient that is rounded to 0 keeps its sign.
 */
function encode<T, R>(src: usize, count: i32, scale: f32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const half = word(halfIndex<R>());
  const keep = word(halfIndex<R>() + 1);
  const one = word(ONE);
  const sign = word(SIGN);
  const minNormal = word(F16_MIN_NORMAL);
  const subnormalMagic = word(F16_SUBNORMAL_MAGIC);
  const highest = word(E4M3_MAX);
  const least = word(E4M3_MIN_NORMAL);
  const exponent = word(EXPONENT);
  const magicExponent = word(E4M3_MAGIC_EXPONENT);
  const rebias = word(E4M3_REBIAS);
  const signByte = word(SIGN_BYTE);
  const s = f32x4.splat(scale);
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
    const x0 = f32x4.div(widen4<T>(at, unbias), s);
    const x1 = f32x4.div(widen4<T>(at + 4 * sizeof<T>(), unbias), s);
    const x2 = f32x4.div(widen4<T>(at + 8 * sizeof<T>(), unbias), s);
    const x3 = f32x4.div(widen4<T>(at + 12 * sizeof<T>(), unbias), s);
    signal = f32x4.add(signal, squares(x0, x1, x2, x3));
    const r0 = f32x4.add(near4<R>(x0, half, keep, one, sign, minNormal, subnormalMagic), zero);
    const r1 = f32x4.add(near4<R>(x1, half, keep, one, sign, minNormal, subnormalMagic), zero);
    const r2 = f32x4.add(near4<R>(x2, half, keep, one, sign, minNormal, subnormalMagic), zero);
    const r3 = f32x4.add(near4<R>(x3, half, keep, one, sign, minNormal, subnormalMagic), zero);
    const y0 = toE4m3(f32x4.pmin(v128.andnot(r0, sign), highest), least, exponent, magicExponent);
    const y1 = toE4m3(f32x4.pmin(v128.andnot(r1, sign), highest), least, exponent, magicExponent);
    const y2 = toE4m3(f32x4.pmin(v128.andnot(r2, sign), highest), least, exponent, magicExponent);
    const y3 = toE4m3(f32x4.pmin(v128.andnot(r3, sign), highest), least, exponent, magicExponent);
    noise = f32x4.add(
      noise,
      squares(
        f32x4.sub(v128.andnot(x0, sign), y0),
        f32x4.sub(v128.andnot(x1, sign), y1),
        f32x4.sub(v128.andnot(x2, sign), y2),
        f32x4.sub(v128.andnot(x3, sign), y3),
      ),
    );
    const codes = toUnsignedBytes(
      v128.or(i32x4.shr_u(f32x4.mul(y0, rebias), 20), v128.and(i32x4.shr_u(r0, 24), signByte)),
      v128.or(i32x4.shr_u(f32x4.mul(y1, rebias), 20), v128.and(i32x4.shr_u(r1, 24), signByte)),
      v128.or(i32x4.shr_u(f32x4.mul(y2, rebias), 20), v128.and(i32x4.shr_u(r2, 24), signByte)),
      v128.or(i32x4.shr_u(f32x4.mul(y3, rebias), 20), v128.and(i32x4.shr_u(r3, 24), signByte)),
    );
    v128.store(to, codes);
    zeros += popcnt(i8x16.bitmask(i8x16.eq(v128.and(codes, magnitudes), zero)));
    at += LANES * sizeof<T>();
    to += LANES;
    left -= LANES;
  }
  if (left < 0) memory.copy(dst + <usize>(count & -LANES), TAIL, count & (LANES - 1));
  addRun(stats, signal, noise, scale, zeros);
}

function runs<T, R>(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < count; i++) {
    const bits = absmaxBits<T>(src, length);
    largest = max(largest, bits);
    const scale = scaleOf<T>(fromBits<T>(bits), 448);
    store1<T>(scales, scale);
    for (let done = 0; done < length; done += STRETCH) {
      const stretch = min(STRETCH, length - done);
      encode<T, R>(src + <usize>done * sizeof<T>(), stretch, scale, dst + <usize>done, stats);
    }
    src += <usize>length * sizeof<T>();
    dst += <usize>length;
    scales += sizeof<T>();
  }
  return largest;
}

function blocks<T, R>(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  const stride = <usize>cols * sizeof<T>();
  for (let top = 0; top < rows; top += BLOCK) {
    const height = min(BLOCK, rows - top);
    for (let left = 0; left < cols; left += BLOCK) {
      const width = min(BLOCK, cols - left);
      let from = src + <usize>left * sizeof<T>();
      let bits: u32 = 0;
      for (let row = 0; row < height; row++) {
        bits = max(bits, absmaxBits<T>(from + <usize>row * stride, width));
      }
      largest = max(largest, bits);
      const scale = scaleOf<T>(fromBits<T>(bits), 448);
      store1<T>(scales, scale);
      scales += sizeof<T>();
      let to = dst + <usize>left;
      for (let row = 0; row < height; row++) {
        encode<T, R>(from, width, scale, to, stats);
        from += stride;
        to += <usize>cols;
      }
    }
    src += <usize>height * stride;
    dst += <usize>height * <usize>cols;
  }
  return largest;
}

function mxGroups<T, R>(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const bits = absmaxBits<T>(src, 32);
    largest = max(largest, bits);
    const exponent = mxExponent<T>(bits, 8);
    store<u8>(scales, <u8>exponent);
    encode<T, R>(src, 32, mxScale(exponent), dst, stats);
    src += 32 * sizeof<T>();
    dst += 32;
    scales++;
  }
  return largest;
}

/** e4m3 with a scale for each of `count` runs; returns the largest magnitude's bits. */
export function fp8RunsF32(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<f32, f32>(src, count, length, dst, scales, stats);
}

export function fp8RunsBf16(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<u16, f32>(src, count, length, dst, scales, stats);
}

export function fp8RunsBf16Exact(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<u16, u16>(src, count, length, dst, scales, stats);
}

export function fp8RunsF16(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<i16, f32>(src, count, length, dst, scales, stats);
}

export function fp8RunsF16Exact(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<i16, i16>(src, count, length, dst, scales, stats);
}

/** e4m3 with a scale for each block of 128 by 128, from the top left on. */
export function fp8BlocksF32(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<f32, f32>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksBf16(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<u16, f32>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksBf16Exact(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<u16, u16>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksF16(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<i16, f32>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksF16Exact(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<i16, i16>(src, rows, cols, dst, scales, stats);
}

/** e4m3 with a power of two for each 32. */
export function mxfp8GroupsF32(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<f32, f32>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsBf16(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<u16, f32>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsBf16Exact(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<u16, u16>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsF16(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<i16, f32>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsF16Exact(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<i16, i16>(src, groups, dst, scales, stats);
}
