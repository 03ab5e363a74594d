import { F16_UNBIAS, word } from './constants';
import { load1 } from './dtype';
import { widen4 } from './lanes';
import { addSquares, addStats, both } from './stats';

function sums<T>(src: usize, count: i32, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const zero = f32x4.splat(0);
  let signal = f64x2.splat(0);
  let rest: f64 = 0;
  let zeros = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const w = widen4<T>(src, unbias);
    signal = addSquares(signal, w);
    zeros += popcnt(i32x4.bitmask(f32x4.eq(w, zero)));
    src += 4 * sizeof<T>();
  }
  for (; i < count; i++) {
    const w = <f64>load1<T>(src);
    rest += w * w;
    zeros += i32(w == 0);
    src += sizeof<T>();
  }
  addStats(stats, both(signal) + rest, 0, <f64>zeros);
}

/** Adds the squares to the signal and counts the zeros, of weights that stay as they are. */
export function sumsF32(src: usize, count: i32, stats: usize): void {
  sums<f32>(src, count, stats);
}

export function sumsBf16(src: usize, count: i32, stats: usize): void {
  sums<u16>(src, count, stats);
}

export function sumsF16(src: usize, count: i32, stats: usize): void {
  sums<i16>(src, count, stats);
}
