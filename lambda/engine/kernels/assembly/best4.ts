import { absmaxBits } from './absmax';
import { F16_UNBIAS, INT4_MAX, INT4_MIN, INTEGER_MAGIC, word } from './constants';
import { round1, store1 } from './dtype';
import { NEGATIVE, POSITIVE, SCALE, scalesOfRange, ZERO_POINT } from './group-scales';
import { encodeAsymmetric, encodeSymmetric } from './int4';
import { widen4 } from './lanes';
import { rangeOf } from './range';
import { fromBits, scaleOf } from './scales';
import { sumLanes } from './stats';

// Scales with less squared error than those of the reference. For given codes c the best scale is sum(c w) / sum(c c),
// and it takes sum(c w)^2 / sum(c c) off the error. So codes are tried for a grid of scales, coarse and then finer
// around the best, and the scale that fits the best codes is rounded to the weights' type and compared, as it will be
// decoded, with the reference's own: the error is never larger.

/** Scales that are tried, relative to the reference's, from here down in these steps. */
const FIRST: f32 = 1.08;
const STEP: f32 = 0.06;
const STEPS: i32 = 8;

/** Outside of these, products of f32 could overflow or vanish; such weights get the reference's scale. */
export const SMALLEST: f32 = 1e-18;
export const LARGEST: f32 = 1e18;

/** The group's weights as f32; 1024 at most. */
const WEIGHTS: usize = memory.data(4096, 16);

let count: i32 = 0;
export let bestGain: f64 = 0;
export let bestScale: f32 = 0;
export let bestPoint: f32 = 0;

export function take<T>(src: usize, size: i32): void {
  const unbias = word(F16_UNBIAS);
  count = size;
  for (let i = 0; i < size; i += 4) {
    v128.store(WEIGHTS + (<usize>i << 2), widen4<T>(src + <usize>i * sizeof<T>(), unbias));
  }
}

/** Tries the codes of a scale and a zero point; keeps the scale that fits them best when they are the best so far. */
function attempt(scale: f32, zeroPoint: f32): void {
  const magic = word(INTEGER_MAGIC);
  const z = f32x4.splat(zeroPoint);
  // Codes less their zero point: clamped and rounded there, the zero point need not be added.
  const lowest = f32x4.sub(word(INT4_MIN), z);
  const highest = f32x4.sub(word(INT4_MAX), z);
  const inverse = f32x4.splat(1 / scale);
  let product = f32x4.splat(0);
  let square = product;
  let product2 = product;
  let square2 = product;
  const end = WEIGHTS + (<usize>count << 2);
  for (let at = WEIGHTS; at < end; at += 32) {
    const w = v128.load(at);
    const w2 = v128.load(at, 16);
    const t = f32x4.add(f32x4.pmin(f32x4.pmax(f32x4.mul(w, inverse), lowest), highest), magic);
    const t2 = f32x4.add(f32x4.pmin(f32x4.pmax(f32x4.mul(w2, inverse), lowest), highest), magic);
    const c = f32x4.sub(t, magic);
    const c2 = f32x4.sub(t2, magic);
    product = f32x4.add(product, f32x4.mul(c, w));
    product2 = f32x4.add(product2, f32x4.mul(c2, w2));
    square = f32x4.add(square, f32x4.mul(c, c));
    square2 = f32x4.add(square2, f32x4.mul(c2, c2));
  }
  const cw = sumLanes(f32x4.add(product, product2));
  const cc = sumLanes(f32x4.add(square, square2));
  // Scales may be negative, but none may change its sign.
  if (cc == 0 || cw * scale <= 0) return;
  const gain = (cw * cw) / cc;
  if (gain > bestGain) {
    bestGain = gain;
    bestScale = <f32>(cw / cc);
    bestPoint = zeroPoint;
  }
}

/** The squared error with a scale and a zero point, as they are encoded and decoded. */
export function errorOf(scale: f32, zeroPoint: f32): f64 {
  const magic = word(INTEGER_MAGIC);
  const z = f32x4.splat(zeroPoint);
  const lowest = word(INT4_MIN);
  const highest = word(INT4_MAX);
  const s = f32x4.splat(scale);
  let sum = f32x4.splat(0);
  const end = WEIGHTS + (<usize>count << 2);
  for (let at = WEIGHTS; at < end; at += 16) {
    const x = f32x4.div(v128.load(at), s);
    const t = f32x4.add(f32x4.pmin(f32x4.pmax(f32x4.add(x, z), lowest), highest), magic);
    const d = f32x4.sub(x, f32x4.sub(f32x4.sub(t, magic), z));
    sum = f32x4.add(sum, f32x4.mul(d, d));
  }
  return sumLanes(sum) * <f64>scale * <f64>scale;
}

/** Searches around `scale`; answers in `bestScale` and `bestPoint`, with a `bestGain` of 0 when nothing was found. */
export function search(scale: f32, zeroPoint: f32, moves: bool): void {
  bestGain = 0;
  let best: f32 = FIRST;
  let gain: f64 = 0;
  for (let i = 0; i < STEPS; i++) {
    const factor = FIRST - STEP * <f32>i;
    attempt(scale * factor, zeroPoint);
    if (bestGain > gain) {
      gain = bestGain;
      best = factor;
    }
  }
  if (moves) {
    if (zeroPoint > -8) attempt(scale * best, zeroPoint - 1);
    if (zeroPoint < 7) attempt(scale * best, zeroPoint + 1);
  }
  const point = bestPoint;
  for (let step = STEP / 2; step > STEP / 8; step /= 2) {
    const middle = best;
    for (let side = -1; side <= 1; side += 2) {
      gain = bestGain;
      attempt(scale * (middle + step * <f32>side), point);
      if (bestGain > gain) best = middle + step * <f32>side;
    }
  }
  // The scale that fits the codes has codes of its own, which may fit better still.
  gain = 0;
  for (let i = 0; i < 3 && bestGain > gain; i++) {
    gain = bestGain;
    attempt(bestScale, point);
  }
}

function symmetric<T>(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const bits = absmaxBits<T>(src, size);
    largest = max(largest, bits);
    const absmax = fromBits<T>(bits);
    let scale = scaleOf<T>(absmax, 7.5);
    if (absmax > SMALLEST && absmax < LARGEST) {
      take<T>(src, size);
      search(absmax / 7.5, 0, false);
      const found = round1<T>(bestScale);
      if (bestGain > 0 && found > 0 && errorOf(found, 0) < errorOf(scale, 0)) scale = found;
    }
    store1<T>(scales, scale);
    encodeSymmetric<T>(src, size, scale, dst, stats);
    src += <usize>size * sizeof<T>();
    dst += <usize>(size >> 1);
    scales += sizeof<T>();
  }
  return largest;
}

function asymmetric<T>(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const range = rangeOf<T>(src, size);
    const negative = <u32>(range >> 32);
    const positive = <u32>range;
    largest = max(largest, max(negative, positive));
    store<u32>(NEGATIVE, negative);
    store<u32>(POSITIVE, positive);
    scalesOfRange<T>(1, scales, zeroPoints);
    let scale = load<f32>(SCALE);
    let zeroPoint = load<f32>(ZERO_POINT);
    const least = -fromBits<T>(negative);
    const absmax = fromBits<T>(max(negative, positive));
    if (absmax > SMALLEST && absmax < LARGEST) {
      const span = fromBits<T>(positive) / 15 - least / 15;
      const point = nearest<f32>(max<f32>(min<f32>(-8 - least / span, 7), -8));
      take<T>(src, size);
      search(span, point, true);
      const found = round1<T>(bestScale);
      if (bestGain > 0 && found > 0 && errorOf(found, bestPoint) < errorOf(scale, zeroPoint)) {
        scale = found;
        zeroPoint = bestPoint;
      }
    }
    store1<T>(scales, scale);
    store<i8>(zeroPoints, <i8>zeroPoint);
    encodeAsymmetric<T>(src, size, scale, zeroPoint, dst, stats);
    src += <usize>size * sizeof<T>();
    dst += <usize>(size >> 1);
    scales += sizeof<T>();
    zeroPoints++;
  }
  return largest;
}

/** int4 with the scale of least error for each group, of 1024 at most; returns the largest magnitude's bits. */
export function int4GroupsF32(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  return symmetric<f32>(src, groups, size, dst, scales, stats);
}

export function int4GroupsBf16(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  return symmetric<u16>(src, groups, size, dst, scales, stats);
}

export function int4GroupsF16(src: usize, groups: i32, size: i32, dst: usize, scales: usize, stats: usize): u32 {
  return symmetric<i16>(src, groups, size, dst, scales, stats);
}

/** int4 with the scale and the zero point (i8) of least error for each group, of 1024 at most. */
export function int4GroupsAsymmetricF32(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  return asymmetric<f32>(src, groups, size, dst, scales, zeroPoints, stats);
}

export function int4GroupsAsymmetricBf16(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  return asymmetric<u16>(src, groups, size, dst, scales, zeroPoints, stats);
}

export function int4GroupsAsymmetricF16(src: usize, groups: i32, size: i32, dst: usize, scales: usize, zeroPoints: usize, stats: usize): u32 {
  return asymmetric<i16>(src, groups, size, dst, scales, zeroPoints, stats);
}
