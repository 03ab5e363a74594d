import { F16_UNBIAS, word } from './constants';
import { bits4, round4 } from './dtype';
import { widenBits } from './lanes';
import { epsilon } from './scales';

// Scales of many small groups are found four at a time. What is found lies here until the groups have been encoded.

/** Groups that are worked on together. */
export const BATCH: i32 = 64;

/** Bits (u32) of each group's largest number, and of its smallest without the sign. Magnitudes alone go into POSITIVE. */
export const POSITIVE: usize = memory.data(256, 16);
export const NEGATIVE: usize = memory.data(256, 16);
/** f32 of each group: scale, its inverse, zero point. */
export const SCALE: usize = memory.data(256, 16);
export const INVERSE: usize = memory.data(256, 16);
export const ZERO_POINT: usize = memory.data(256, 16);

const STORED: usize = memory.data(256, 16);

// @ts-ignore: decorator
@inline
function fromBits4<T>(at: usize): v128 {
  const bits = v128.load(at);
  return isFloat<T>() ? bits : widenBits<T>(bits, word(F16_UNBIAS));
}

/** Finds scales from the largest magnitudes, over what these are to become, and writes them as T. */
export function scalesOfAbsmax<T>(groups: i32, becomes: f32, scales: usize): void {
  const divisor = f32x4.splat(becomes);
  for (let at: usize = 0; at < <usize>groups << 2; at += 16) {
    keepScales<T>(at, round4<T>(f32x4.div(fromBits4<T>(POSITIVE + at), divisor)));
  }
  memory.copy(scales, STORED, <usize>groups * sizeof<T>());
}

/**
 * Finds scales and zero points from the smallest and the largest numbers, and writes them as T and i8. A span that T has no
 * number for is not rounded. Where all weights are zero the zero point is 0, as the reference has it.
 */
export function scalesOfRange<T>(groups: i32, scales: usize, zeroPoints: usize): void {
  const eight = f32x4.splat(-8);
  for (let at: usize = 0; at < <usize>groups << 2; at += 16) {
    const least = f32x4.neg(fromBits4<T>(NEGATIVE + at));
    const exactSpan = f32x4.sub(fromBits4<T>(POSITIVE + at), least);
    const span = round4<T>(exactSpan);
    const finite = f32x4.lt(span, f32x4.splat(Infinity));
    const scale = round4<T>(f32x4.div(v128.bitselect(span, exactSpan, finite), f32x4.splat(15)));
    const quotient = f32x4.div(least, scale);
    const point = f32x4.pmax(f32x4.pmin(round4<T>(f32x4.sub(eight, round4<T>(quotient))), f32x4.splat(7)), eight);
    v128.store(ZERO_POINT + at, v128.and(f32x4.nearest(point), f32x4.eq(quotient, quotient)));
    keepScales<T>(at, scale);
  }
  memory.copy(scales, STORED, <usize>groups * sizeof<T>());
  for (let i = 0; i < groups; i++) store<i8>(zeroPoints + <usize>i, <i8>load<f32>(ZERO_POINT + (<usize>i << 2)));
}

/** A scale of zero becomes the type's machine epsilon. */
// @ts-ignore: decorator
@inline
function keepScales<T>(at: usize, found: v128): void {
  const scale = v128.bitselect(f32x4.splat(epsilon<T>()), found, f32x4.eq(found, f32x4.splat(0)));
  v128.store(SCALE + at, scale);
  v128.store(INVERSE + at, f32x4.div(f32x4.splat(1), scale));
  if (isFloat<T>()) {
    v128.store(STORED + at, scale);
  } else {
    const bits = bits4<T>(scale);
    v128.store64_lane(STORED + (at >> 1), i16x8.narrow_i32x4_u(bits, bits), 0);
  }
}

/** Puts a scale and a zero point that were found elsewhere where those of a batch lie. */
export function setScale(group: i32, scale: f32, zeroPoint: f32): void {
  const at = <usize>group << 2;
  store<f32>(SCALE + at, scale);
  store<f32>(INVERSE + at, 1 / scale);
  store<f32>(ZERO_POINT + at, zeroPoint);
}

/** Whether the inverses of all scales may take their place, see lanes.ts: no scale is subnormal. */
export function invertibleAll(groups: i32): bool {
  let all = true;
  for (let i = 0; i < groups; i++) all = all && load<f32>(SCALE + (<usize>i << 2)) >= reinterpret<f32>(0x00800000);
  return all;
}
