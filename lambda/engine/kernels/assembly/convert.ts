import { bits4, load1, load4, round4 } from './dtype';
import { addStats, countLanes, RUN, sumLanes } from './stats';

// @ts-ignore: decorator
@inline
function toHalves<T, D>(src: usize, count: i32, limit: f32, dst: usize, stats: usize): void {
  const zero = f32x4.splat(0);
  const highest = f32x4.splat(limit);
  const lowest = f32x4.splat(-limit);
  let i = 0;
  let signal: f64 = 0;
  let noise: f64 = 0;
  let zeros: f64 = 0;
  while (i + 4 <= count) {
    const end = min(count & ~3, i + RUN * 4);
    let sig = zero;
    let err = zero;
    let zer = zero;
    for (; i < end; i += 4) {
      const w = load4<T>(src);
      const h = round4<D>(f32x4.min(f32x4.max(w, lowest), highest));
      const d = f32x4.sub(w, h);
      sig = f32x4.add(sig, f32x4.mul(w, w));
      err = f32x4.add(err, f32x4.mul(d, d));
      zer = i32x4.sub(zer, f32x4.eq(h, zero));
      const bits = bits4<D>(h);
      v128.store64_lane(dst, i8x16.shuffle(bits, bits, 0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13), 0);
      src += 4 * sizeof<T>();
      dst += 8;
    }
    signal += sumLanes(sig);
    noise += sumLanes(err);
    zeros += countLanes(zer);
  }
  for (; i < count; i++) {
    const w = load1<T>(src);
    const v = round4<D>(f32x4.splat(min<f32>(max<f32>(w, -limit), limit)));
    const h = f32x4.extract_lane(v, 0);
    const d = w - h;
    signal += <f64>(w * w);
    noise += <f64>(d * d);
    zeros += h == 0 ? 1 : 0;
    store<u16>(dst, <u16>i32x4.extract_lane(bits4<D>(v), 0));
    src += sizeof<T>();
    dst += 2;
  }
  addStats(stats, signal, noise, zeros);
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
