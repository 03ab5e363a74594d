import { load1, load4, round1, round4 } from './dtype';
import { addStats, countLanes, RUN, sumLanes } from './stats';

// Adding 1.5 * 2^23 puts f32's last bit at 1: the sum's low bits are the integer, rounded to nearest, ties to even.
const MAGIC: f32 = 12582912;

// @ts-ignore: decorator
@inline
function quantizeRows<T, R>(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  const magic = f32x4.splat(MAGIC);
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(127);
  const zero = f32x4.splat(0);
  let signal: f64 = 0;
  let noise: f64 = 0;
  let zeros: f64 = 0;
  for (let row = 0; row < rows; row++) {
    const s = load<f32>(scales);
    const scale = f32x4.splat(s);
    let col = 0;
    while (col + 16 <= cols) {
      const end = min(cols & ~15, col + RUN * 4);
      let sig = zero;
      let err = zero;
      let zer = zero;
      for (; col < end; col += 16) {
        let q0 = zero, q1 = zero, q2 = zero, q3 = zero;
        for (let k = 0; k < 4; k++) {
          const w = load4<T>(src + <usize>k * 4 * sizeof<T>());
          let q = round4<R>(f32x4.div(w, scale));
          q = f32x4.min(f32x4.max(q, lowest), highest);
          q = f32x4.sub(f32x4.add(q, magic), magic);
          const d = f32x4.sub(w, f32x4.mul(q, scale));
          sig = f32x4.add(sig, f32x4.mul(w, w));
          err = f32x4.add(err, f32x4.mul(d, d));
          zer = i32x4.sub(zer, f32x4.eq(q, zero));
          const n = i32x4.trunc_sat_f32x4_s(q);
          if (k == 0) q0 = n;
          else if (k == 1) q1 = n;
          else if (k == 2) q2 = n;
          else q3 = n;
        }
        v128.store(dst, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(q0, q1), i16x8.narrow_i32x4_s(q2, q3)));
        src += 16 * sizeof<T>();
        dst += 16;
      }
      signal += sumLanes(sig);
      noise += sumLanes(err);
      zeros += countLanes(zer);
    }
    for (; col < cols; col++) {
      const w = load1<T>(src);
      const q = nearest<f32>(min<f32>(max<f32>(round1<R>(w / s), low), 127));
      const d = w - q * s;
      signal += <f64>(w * w);
      noise += <f64>(d * d);
      zeros += q == 0 ? 1 : 0;
      store<i8>(dst, <i8>q);
      src += sizeof<T>();
      dst++;
    }
    scales += 4;
  }
  addStats(stats, signal, noise, zeros);
}

/** int8 with one f32 scale a row: round(clamp(w / s)) with `low` to 127. */
export function int8RowsF32(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  quantizeRows<f32, f32>(src, rows, cols, scales, low, dst, stats);
}

/** int8 with one f32 scale a column, for weights whose channel is the last dimension. */
export function int8ColumnsF32(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  let signal: f64 = 0;
  let noise: f64 = 0;
  let zeros: f64 = 0;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const w = load<f32>(src);
      const s = load<f32>(scales + (<usize>col << 2));
      const q = nearest<f32>(min<f32>(max<f32>(w / s, low), 127));
      const d = w - q * s;
      signal += <f64>(w * w);
      noise += <f64>(d * d);
      zeros += q == 0 ? 1 : 0;
      store<i8>(dst, <i8>q);
      src += 4;
      dst++;
    }
  }
  addStats(stats, signal, noise, zeros);
}

export function int8RowsBf16(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  quantizeRows<u16, f32>(src, rows, cols, scales, low, dst, stats);
}

/** The same, with the quotient rounded to bfloat16 first, as tensor libraries do. */
export function int8RowsBf16Exact(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  quantizeRows<u16, u16>(src, rows, cols, scales, low, dst, stats);
}

export function int8RowsF16(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  quantizeRows<i16, f32>(src, rows, cols, scales, low, dst, stats);
}

export function int8RowsF16Exact(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  quantizeRows<i16, i16>(src, rows, cols, scales, low, dst, stats);
}
