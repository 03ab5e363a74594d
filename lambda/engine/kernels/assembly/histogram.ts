import { MAGNITUDE, MAGNITUDE16, word } from './constants';

/** Magnitude bits of one element. */
// @ts-ignore: decorator
@inline
export function magnitude<T>(ptr: usize): u32 {
  return isFloat<T>() ? load<u32>(ptr) & 0x7fffffff : <u32>load<u16>(ptr) & 0x7fff;
}

/** How many elements have exactly the magnitude `threshold` (bits without the sign). */
// @ts-ignore: decorator
@inline
function countMagnitude<T>(src: usize, count: i32, threshold: u32): u32 {
  let found: u32 = 0;
  let i = 0;
  if (isFloat<T>()) {
    const mask = word(MAGNITUDE);
    const wanted = i32x4.splat(threshold);
    for (; i + 4 <= count; i += 4) {
      found += popcnt(i32x4.bitmask(i32x4.eq(v128.and(v128.load(src), mask), wanted)));
      src += 16;
    }
  } else {
    const mask = word(MAGNITUDE16);
    const wanted = i16x8.splat(<i16>threshold);
    for (; i + 8 <= count; i += 8) {
      found += popcnt(i16x8.bitmask(i16x8.eq(v128.and(v128.load(src), mask), wanted)));
      src += 16;
    }
  }
  for (; i < count; i++) {
    found += u32(magnitude<T>(src) == threshold);
    src += sizeof<T>();
  }
  return found;
}

export function countMagnitudeF32(src: usize, count: i32, threshold: u32): u32 {
  return countMagnitude<f32>(src, count, threshold);
}

export function countMagnitude16(src: usize, count: i32, threshold: u32): u32 {
  return countMagnitude<u16>(src, count, threshold);
}

/** Counts magnitudes of 16-bit elements: `hist` has 32768 u32, one for each pattern without the sign. */
export function histogram16(src: usize, count: i32, hist: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const four = load<u64>(src);
    bump(hist, <usize>four & 0x7fff);
    bump(hist, <usize>(four >> 16) & 0x7fff);
    bump(hist, <usize>(four >> 32) & 0x7fff);
    bump(hist, <usize>(four >> 48) & 0x7fff);
    src += 8;
  }
  for (; i < count; i++) {
    bump(hist, <usize>load<u16>(src) & 0x7fff);
    src += 2;
  }
}

// @ts-ignore: decorator
@inline
function bump(hist: usize, index: usize): void {
  const at = hist + (index << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Counts f32 magnitudes by their upper 16 bits: `hist` has 32768 u32. */
export function histogramF32High(src: usize, count: i32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    bump(hist, <usize>load<u16>(src, 2) & 0x7fff);
    src += 4;
  }
}

/** Counts, of the f32 magnitudes whose upper 16 bits are `high`, the lower 16 bits: `hist` has 65536 u32. */
export function histogramF32Low(src: usize, count: i32, high: u32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    const bits = load<u32>(src) & 0x7fffffff;
    if (bits >> 16 == high) bump(hist, <usize>bits & 0xffff);
    src += 4;
  }
}
