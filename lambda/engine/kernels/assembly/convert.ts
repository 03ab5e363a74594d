import {
  F16_MIN_NORMAL, F16_REBIAS, F16_SUBNORMAL_MAGIC, F16_UNBIAS, INFINITE, ONE, SIGN, word,
} from './constants';
import { halfIndex, near4, widen4 } from './lanes';
import { addSquares, addStats, both } from './stats';
import { fillTail } from './tail';

const TAIL: usize = memory.data(8, 8);

function toHalves<T, D>(src: usize, count: i32, limit: f32, dst: usize, stats: usize): void {
  const unbias = word(F16_UNBIAS);
  const rebias = word(F16_REBIAS);
  const half = word(halfIndex<D>());
  const keep = word(halfIndex<D>() + 1);
  const one = word(ONE);
  const sign = word(SIGN);
  const minNormal = word(F16_MIN_NORMAL);
  const subnormalMagic = word(F16_SUBNORMAL_MAGIC);
  const infinite = word(INFINITE);
  const overflow = f32x4.splat(65536);
  const highest = f32x4.splat(limit);
  const lowest = f32x4.splat(-limit);
  const zero = f32x4.splat(0);
  let signal = f64x2.splat(0);
  let noise = signal;
  let zeros = 0;
  let left = count;
  let to = dst;
  while (left > 0) {
    if (left < 4) {
      src = fillTail(src, left, sizeof<T>());
      to = TAIL;
      zeros -= 4 - left;
    }
    const w = widen4<T>(src, unbias);
    const near = near4<D>(f32x4.pmin(f32x4.pmax(w, lowest), highest), half, keep, one, sign, minNormal, subnormalMagic);
    const magnitude = v128.andnot(near, sign);
    zeros += popcnt(i32x4.bitmask(f32x4.eq(near, zero)));
    if (isSigned<D>()) {
      // From 65520 on halves are infinite, with the bits of 65536.
      const large = f32x4.ge(magnitude, overflow);
      const decoded = v128.or(v128.bitselect(infinite, magnitude, large), v128.and(near, sign));
      const scaled = i32x4.shr_u(f32x4.mul(f32x4.pmin(magnitude, overflow), rebias), 13);
      const bits = v128.or(scaled, i32x4.shr_u(v128.and(near, sign), 16));
      noise = addSquares(noise, f32x4.sub(w, decoded));
      v128.store64_lane(to, i16x8.narrow_i32x4_u(bits, bits), 0);
    } else {
      const bits = i32x4.shr_u(near, 16);
      noise = addSquares(noise, f32x4.sub(w, near));
      v128.store64_lane(to, i16x8.narrow_i32x4_u(bits, bits), 0);
    }
    signal = addSquares(signal, w);
    src += 4 * sizeof<T>();
    to += 8;
    left -= 4;
  }
  if (left < 0) memory.copy(dst + (<usize>(count & -4) << 1), TAIL, (count & 3) << 1);
  addStats(stats, both(signal), both(noise), <f64>zeros);
}

/** To IEEE half, nearest even; magnitudes above `limit` become `limit`. */
export function f32ToF16(src: usize, count: i32, limit: f32, dst: usize, stats: usize): void {
  toHalves<f32, i16>(src, count, limit, dst, stats);
}

export function bf16ToF16(src: usize, count: i32, limit: f32, dst: usize, stats: usize): void {
  toHalves<u16, i16>(src, count, limit, dst, stats);
}

/** To bfloat16, nearest even; magnitudes above `limit` become `limit`. */
export function f32ToBf16(src: usize, count: i32, limit: f32, dst: usize, stats: usize): void {
  toHalves<f32, u16>(src, count, limit, dst, stats);
}

export function f16ToBf16(src: usize, count: i32, limit: f32, dst: usize, stats: usize): void {
  toHalves<i16, u16>(src, count, limit, dst, stats);
}
