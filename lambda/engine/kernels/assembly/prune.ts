import { load1 } from './dtype';
import { addStats } from './stats';

/** Counts magnitudes of 16-bit elements: `hist` has 32768 u32, one for each pattern without the sign. */
export function histogram16(src: usize, count: i32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    const at = hist + ((<usize>load<u16>(src) & 0x7fff) << 2);
    store<u32>(at, load<u32>(at) + 1);
    src += 2;
  }
}

/** Counts f32 magnitudes by their upper 16 bits: `hist` has 32768 u32. */
export function histogramF32High(src: usize, count: i32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    const at = hist + (((<usize>load<u32>(src) >> 16) & 0x7fff) << 2);
    store<u32>(at, load<u32>(at) + 1);
    src += 4;
  }
}

/** Counts, of the f32 magnitudes whose upper 16 bits are `high`, the lower 16 bits: `hist` has 65536 u32. */
export function histogramF32Low(src: usize, count: i32, high: u32, hist: usize): void {
  for (let i = 0; i < count; i++) {
    const bits = load<u32>(src) & 0x7fffffff;
    if (bits >> 16 == high) {
      const at = hist + ((<usize>bits & 0xffff) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
    src += 4;
  }
}

/** How many elements have exactly the magnitude `threshold` (bits without the sign). */
export function countMagnitudeF32(src: usize, count: i32, threshold: u32): u32 {
  let found: u32 = 0;
  for (let i = 0; i < count; i++) {
    found += (load<u32>(src) & 0x7fffffff) == threshold ? 1 : 0;
    src += 4;
  }
  return found;
}

export function countMagnitude16(src: usize, count: i32, threshold: u32): u32 {
  let found: u32 = 0;
  for (let i = 0; i < count; i++) {
    found += (<u32>load<u16>(src) & 0x7fff) == threshold ? 1 : 0;
    src += 2;
  }
  return found;
}

// @ts-ignore: decorator
@inline
function pruneBelow<T>(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  let lost: f64 = 0;
  for (let i = 0; i < count; i++) {
    const bits: u32 = isFloat<T>() ? load<u32>(src) & 0x7fffffff : <u32>load<u16>(src) & 0x7fff;
    let out = bits < threshold;
    if (bits == threshold && ties > 0) {
      ties--;
      out = true;
    }
    if (out) {
      const w = <f64>load1<T>(src);
      lost += w * w;
      if (isFloat<T>()) store<u32>(src, 0);
      else store<u16>(src, 0);
    }
    src += sizeof<T>();
  }
  addStats(stats, lost, lost, 0);
  return ties;
}

/**
 * Zeroes what is smaller than `threshold` (bits without the sign), and the first `ties` elements that equal it; returns
 * the ties left. What is lost goes into signal and noise.
 */
export function pruneBelowF32(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  return pruneBelow<f32>(src, count, threshold, ties, stats);
}

export function pruneBelowBf16(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  return pruneBelow<u16>(src, count, threshold, ties, stats);
}

export function pruneBelowF16(src: usize, count: i32, threshold: u32, ties: u32, stats: usize): u32 {
  return pruneBelow<i16>(src, count, threshold, ties, stats);
}

// @ts-ignore: decorator
@inline
function magnitude<T>(ptr: usize): u32 {
  return isFloat<T>() ? load<u32>(ptr) & 0x7fffffff : <u32>load<u16>(ptr) & 0x7fff;
}

// @ts-ignore: decorator
@inline
function prune24<T>(src: usize, rows: i32, cols: i32, stats: usize): void {
  const size = sizeof<T>();
  let lost: f64 = 0;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col + 4 <= cols; col += 4) {
      const a = magnitude<T>(src);
      const b = magnitude<T>(src + size);
      const c = magnitude<T>(src + 2 * size);
      const d = magnitude<T>(src + 3 * size);
      // An element goes when two others come before it: larger, or equal and earlier.
      const goA = i32(b > a) + i32(c > a) + i32(d > a) >= 2;
      const goB = i32(a >= b) + i32(c > b) + i32(d > b) >= 2;
      const goC = i32(a >= c) + i32(b >= c) + i32(d > c) >= 2;
      const goD = i32(a >= d) + i32(b >= d) + i32(c >= d) >= 2;
      for (let k = 0; k < 4; k++) {
        const go = k == 0 ? goA : k == 1 ? goB : k == 2 ? goC : goD;
        if (go) {
          const at = src + <usize>k * size;
          const w = <f64>load1<T>(at);
          lost += w * w;
          if (isFloat<T>()) store<u32>(at, 0);
          else store<u16>(at, 0);
        }
      }
      src += 4 * size;
    }
    src += <usize>(cols & 3) * size;
  }
  addStats(stats, lost, lost, 0);
}

/** Of each four along a row keeps the two largest magnitudes, the earlier one where they are equal. A rest stays. */
export function prune24F32(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<f32>(src, rows, cols, stats);
}

export function prune24Bf16(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<u16>(src, rows, cols, stats);
}

export function prune24F16(src: usize, rows: i32, cols: i32, stats: usize): void {
  prune24<i16>(src, rows, cols, stats);
}
