import { NIBBLES, word } from './constants';
import { MOST } from './gather-columns';
import { held } from './lanes';
import { countBytes } from './stats';
import { storeTurned } from './transpose';

// From codes of four columns beside each other to those of each column in a row.

/** Codes of a block of four columns: of four rows each, one vector of numbers below 65536. */
export const fours: usize = memory.data(MOST * 4, 16);

/** 2^23, whose ulp is 1. */
const WHOLE: f32 = 8388608;

/** Stores the codes from `fours` up to `end` in rows `stride` bytes apart, and counts those that are zero's. */
export function storeFours(end: usize, point: v128, dst: usize, stride: i32): i32 {
  const magic = held(WHOLE);
  const low = word(NIBBLES);
  // The zero point in the lower, and in the upper half of each byte.
  const lowPoint = i32x4.mul(i32x4.trunc_sat_f32x4_u(point), i32x4.splat(0x01010101));
  const highPoint = i32x4.shl(lowPoint, 4);
  const step = <usize>stride;
  let zeros = f32x4.splat(0);
  let at = fours;
  for (; at + 128 <= end; at += 128) {
    // Turned, because one store of sixteen bytes takes less time than four of four.
    const a = eightRows(at, magic);
    const b = eightRows(at + 32, magic);
    const c = eightRows(at + 64, magic);
    const d = eightRows(at + 96, magic);
    zeros = count(count(zeros, a, low, lowPoint, highPoint), b, low, lowPoint, highPoint);
    zeros = count(count(zeros, c, low, lowPoint, highPoint), d, low, lowPoint, highPoint);
    storeTurned(a, b, c, d, dst, step);
    dst += 16;
  }
  for (; at < end; at += 32) {
    const codes = eightRows(at, magic);
    zeros = count(zeros, codes, low, lowPoint, highPoint);
    spread(codes, dst, stride);
    dst += 4;
  }
  return countBytes(zeros);
}

/** Eight codes of each column. */
// @ts-ignore: decorator
@inline
function eightRows(at: usize, magic: v128): v128 {
  const lower = v128.xor(f32x4.add(v128.load(at), magic), magic);
  return v128.or(lower, i32x4.shl(f32x4.add(v128.load(at, 16), magic), 16));
}

// @ts-ignore: decorator
@inline
function count(zeros: v128, codes: v128, low: v128, lowPoint: v128, highPoint: v128): v128 {
  const lower = i8x16.sub(zeros, i8x16.eq(v128.and(codes, low), lowPoint));
  return i8x16.sub(lower, i8x16.eq(v128.andnot(codes, low), highPoint));
}

/** Stores four words `stride` bytes apart. */
// @ts-ignore: decorator
@inline
export function spread(words: v128, to: usize, stride: i32): void {
  const step = <usize>stride;
  v128.store32_lane(to, words, 0);
  v128.store32_lane(to + step, words, 1);
  v128.store32_lane(to + 2 * step, words, 2);
  v128.store32_lane(to + 3 * step, words, 3);
}
