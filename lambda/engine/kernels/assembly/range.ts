import { MAGNITUDE, MAGNITUDE16, word } from './constants';
import { fromBits } from './scales';

/** Where `rangeOf` leaves its answer: f32 minimum, at most 0, and f32 maximum, at least 0. */
export const RANGE: usize = memory.data(16, 16);

/** Finds the smallest and the largest of a run whose length is a multiple of 8; returns the largest magnitude's bits. */
export function rangeOf<T>(at: usize, count: i32): u32 {
  const end = at + <usize>count * sizeof<T>();
  // As integers, numbers order as they are once the magnitude bits of the negative ones are flipped.
  if (isFloat<T>()) {
    const magnitude = word(MAGNITUDE);
    let low = i32x4.splat(0);
    let high = low;
    for (; at < end; at += 16) {
      const v = v128.load(at);
      const ordered = v128.xor(v, v128.and(i32x4.shr_s(v, 31), magnitude));
      low = i32x4.min_s(low, ordered);
      high = i32x4.max_s(high, ordered);
    }
    const least = min(
      min(i32x4.extract_lane(low, 0), i32x4.extract_lane(low, 1)),
      min(i32x4.extract_lane(low, 2), i32x4.extract_lane(low, 3)),
    );
    const most = max(
      max(i32x4.extract_lane(high, 0), i32x4.extract_lane(high, 1)),
      max(i32x4.extract_lane(high, 2), i32x4.extract_lane(high, 3)),
    );
    return storeRange<T>(least < 0 ? ~least & 0x7fffffff : 0, most);
  }
  const magnitude = word(MAGNITUDE16);
  let low = i16x8.splat(0);
  let high = low;
  for (; at < end; at += 16) {
    const v = v128.load(at);
    const ordered = v128.xor(v, v128.and(i16x8.shr_s(v, 15), magnitude));
    low = i16x8.min_s(low, ordered);
    high = i16x8.max_s(high, ordered);
  }
  const lows = i32x4.min_s(i32x4.extend_low_i16x8_s(low), i32x4.extend_high_i16x8_s(low));
  const highs = i32x4.max_s(i32x4.extend_low_i16x8_s(high), i32x4.extend_high_i16x8_s(high));
  const least = min(
    min(i32x4.extract_lane(lows, 0), i32x4.extract_lane(lows, 1)),
    min(i32x4.extract_lane(lows, 2), i32x4.extract_lane(lows, 3)),
  );
  const most = max(
    max(i32x4.extract_lane(highs, 0), i32x4.extract_lane(highs, 1)),
    max(i32x4.extract_lane(highs, 2), i32x4.extract_lane(highs, 3)),
  );
  return storeRange<T>(least < 0 ? ~least & 0x7fff : 0, most);
}

function storeRange<T>(negativeBits: u32, positiveBits: u32): u32 {
  store<f32>(RANGE, -fromBits<T>(negativeBits));
  store<f32>(RANGE, fromBits<T>(positiveBits), 4);
  return max<u32>(negativeBits, positiveBits);
}
