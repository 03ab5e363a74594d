import { absmaxBits } from './absmax';
import { expect, expected, reach } from './ahead';
import {
  BF16_KEEP, BF16_SPLITTER, F16_MIN_NORMAL, F16_SUBNORMAL_MAGIC, F16_UNBIAS, INT4_MAGIC, INT4_MAX, INT4_MIN, LOW_BYTES,
  ONE, SIGN, word,
} from './constants';
import { isBf16 } from './dtype';
import {
  BATCH, INVERSE, invertibleAll, POSITIVE, NEGATIVE, SCALE, scalesOfAbsmax, scalesOfRange, setScale, ZERO_POINT,
} from './group-scales';
import { evens, halfIndex, held, heldByte, near4, nearQuotient, odds, over, weave } from './lanes';
import { rangeOf } from './range';
import { addRun, countBytes, squares } from './stats';

/**
 * Encodes groups of `size` elements, a multiple of 16, as -8 to 7 with 8 added, the earlier one of two in the low four
 * bits. Their scales and zero points lie where group-scales.ts has them. Quotient and sum with the zero point are each
 * rounded to R. M is as in lanes.ts; Z is u8 where there are zero points, u16 where there are none.
 */
function encode<T, R, M, Z>(src: usize, groups: i32, size: i32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const upper = word(BF16_KEEP);
  const half = word(halfIndex<R>());
  const keep = halfIndex<R>() == 0 ? upper : word(halfIndex<R>() + 1);
  const sign = word(SIGN);
  const minNormal = word(F16_MIN_NORMAL);
  const subnormalMagic = word(F16_SUBNORMAL_MAGIC);
  const one = word(ONE);
  const splitter = word(BF16_SPLITTER);
  const lowest = word(INT4_MIN);
  const highest = word(INT4_MAX);
  const magic = word(INT4_MAGIC);
  const low = word(LOW_BYTES);
  const last = expected();
  const count = <usize>groups << 2;
  for (let group: usize = 0; group < count; group += 4) {
    const s = v128.load32_splat((sizeof<M>() == 1 ? INVERSE : SCALE) + group);
    const z = v128.load32_splat(ZERO_POINT + group);
    // Takes codes back to what they stand for, over the scale.
    const center = sizeof<Z>() == 1 ? held(reinterpret<f32>(0x4b400008) + load<f32>(ZERO_POINT + group)) : magic;
    const zeroCode = heldByte(sizeof<Z>() == 1 ? 8 + <i32>load<f32>(ZERO_POINT + group) : 8);
    let signal = f32x4.splat(0);
    let noise = signal;
    let zeros = signal;
    const end = src + <usize>size * sizeof<T>();
    while (src < end) {
      reach(src, last);
      const x0 = over<M>(evens<T>(src, upper, unbias), s);
      const r0 = shift<R, Z>(nearQuotient<R>(x0, half, keep), z, splitter, half, keep, one, sign, minNormal, subnormalMagic);
      const t0 = f32x4.add(clamp<R, Z>(r0, lowest, highest), magic);
      const d0 = f32x4.sub(x0, f32x4.sub(t0, center));
      const x1 = over<M>(odds<T>(src, upper, unbias), s);
      const r1 = shift<R, Z>(nearQuotient<R>(x1, half, keep), z, splitter, half, keep, one, sign, minNormal, subnormalMagic);
      const t1 = f32x4.add(clamp<R, Z>(r1, lowest, highest), magic);
      const d1 = f32x4.sub(x1, f32x4.sub(t1, center));
      src += 8 * sizeof<T>();
      const x2 = over<M>(evens<T>(src, upper, unbias), s);
      const r2 = shift<R, Z>(nearQuotient<R>(x2, half, keep), z, splitter, half, keep, one, sign, minNormal, subnormalMagic);
      const t2 = f32x4.add(clamp<R, Z>(r2, lowest, highest), magic);
      const d2 = f32x4.sub(x2, f32x4.sub(t2, center));
      const x3 = over<M>(odds<T>(src, upper, unbias), s);
      const r3 = shift<R, Z>(nearQuotient<R>(x3, half, keep), z, splitter, half, keep, one, sign, minNormal, subnormalMagic);
      const t3 = f32x4.add(clamp<R, Z>(r3, lowest, highest), magic);
      const d3 = f32x4.sub(x3, f32x4.sub(t3, center));
      src += 8 * sizeof<T>();
      signal = f32x4.add(signal, f32x4.add(squares(x0, x1), squares(x2, x3)));
      noise = f32x4.add(noise, f32x4.add(squares(d0, d1), squares(d2, d3)));
      const codes = i8x16.narrow_i16x8_u(weave<T>(t0, t1), weave<T>(t2, t3));
      zeros = i8x16.sub(zeros, i8x16.eq(codes, zeroCode));
      const pairs = v128.and(v128.or(codes, i16x8.shr_u(codes, 4)), low);
      v128.store64_lane(dst, i8x16.narrow_i16x8_u(pairs, pairs), 0);
      dst += 8;
    }
    addRun(stats, signal, noise, load<f32>(SCALE + group), countBytes(zeros));
  }
}

/** A quotient that is rounded and has no zero point comes from the reference's scale: it is not below -8.5. */
// @ts-ignore: decorator
@inline
function clamp<R, Z>(x: v128, lowest: v128, highest: v128): v128 {
  const both = isFloat<R>() || sizeof<Z>() == 1;
  return both ? f32x4.pmin(f32x4.pmax(x, lowest), highest) : f32x4.pmin(x, highest);
}

/** Adds the zero point, if there is one, and rounds to R. */
// @ts-ignore: decorator
@inline
function shift<R, Z>(
  x: v128, z: v128, splitter: v128, half: v128, keep: v128, one: v128, sign: v128, minNormal: v128, subnormalMagic: v128,
): v128 {
  if (sizeof<Z>() != 1) return x;
  const sum = f32x4.add(x, z);
  if (!isBf16<R>()) return near4<R>(sum, half, keep, one, sign, minNormal, subnormalMagic);
  // Veltkamp's split: the product's last bit is that of a bf16 like the sum, so that what cancels leaves the sum rounded.
  const product = f32x4.mul(sum, splitter);
  return f32x4.add(product, f32x4.sub(sum, product));
}

// @ts-ignore: decorator
@inline
function encodeGroups<T, R, Z>(src: usize, groups: i32, size: i32, dst: usize, stats: usize): void {
  if (isBf16<R>() && invertibleAll(groups)) encode<T, R, u8, Z>(src, groups, size, dst, stats);
  else encode<T, R, u16, Z>(src, groups, size, dst, stats);
}

/** Encodes one group with a scale of one's own choice; quotients stay f32. */
export function encodeSymmetric<T>(src: usize, size: i32, scale: f32, dst: usize, stats: usize): void {
  setScale(0, scale, 0);
  encodeGroups<T, f32, u16>(src, 1, size, dst, stats);
}

export function encodeAsymmetric<T>(src: usize, size: i32, scale: f32, zeroPoint: f32, dst: usize, stats: usize): void {
  setScale(0, scale, zeroPoint);
  encodeGroups<T, f32, u8>(src, 1, size, dst, stats);
}

function symmetric<T>(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  const bytes = <usize>size * sizeof<T>();
  let largest: u32 = 0;
  expect(src, <usize>groups * bytes);
  for (let done = 0; done < groups; done += BATCH) {
    const batch = min(BATCH, groups - done);
    for (let i = 0; i < batch; i++) {
      const bits = absmaxBits<T>(src + <usize>i * bytes, size);
      largest = max(largest, bits);
      store<u32>(POSITIVE + (<usize>i << 2), bits);
    }
    scalesOfAbsmax<T>(batch, 7.5, scales);
    encodeGroups<T, T, u16>(src, batch, size, dst, stats);
    src += <usize>batch * bytes;
    dst += <usize>(batch * (size >> 1));
    scales += <usize>batch * sizeof<T>();
  }
  return largest;
}

function asymmetric<T>(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  const bytes = <usize>size * sizeof<T>();
  let largest: u32 = 0;
  expect(src, <usize>groups * bytes);
  for (let done = 0; done < groups; done += BATCH) {
    const batch = min(BATCH, groups - done);
    for (let i = 0; i < batch; i++) {
      const range = rangeOf<T>(src + <usize>i * bytes, size);
      const negative = <u32>(range >> 32);
      const positive = <u32>range;
      largest = max(largest, max(negative, positive));
      store<u32>(NEGATIVE + (<usize>i << 2), negative);
      store<u32>(POSITIVE + (<usize>i << 2), positive);
    }
    scalesOfRange<T>(batch, scales, zeroPoints);
    encodeGroups<T, T, u8>(src, batch, size, dst, stats);
    src += <usize>batch * bytes;
    dst += <usize>(batch * (size >> 1));
    scales += <usize>batch * sizeof<T>();
    zeroPoints += <usize>batch;
  }
  return largest;
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
