import { addSquares, both } from './stats';
import { extremesF32, uint8F32 } from './uint8';

/** A scale below this would be no normal number, and is 1 instead. */
const LEAST: f64 = 1.1754943508222875e-38;

const EXTREMES: usize = memory.data(8, 8);

/** The squared error of a row, as whoever multiplies the integers with the scale in f32 finds it. */
function missed(src: usize, cols: i32, scale: f32, point: f32): f64 {
  const s = f32x4.splat(scale);
  const low = f32x4.splat(-point);
  const high = f32x4.splat(255 - point);
  let sums = i8x16.splat(0);
  let col = 0;
  for (; col + 4 <= cols; col += 4) {
    const w = v128.load(src);
    const q = f32x4.nearest(f32x4.pmin(f32x4.pmax(f32x4.div(w, s), low), high));
    sums = addSquares(sums, f32x4.sub(w, f32x4.mul(q, s)));
    src += 16;
  }
  let sum = both(sums);
  for (; col < cols; col++) {
    const w = load<f32>(src);
    const d = <f64>(w - nearest<f32>(min<f32>(max<f32>(w / scale, -point), 255 - point)) * scale);
    sum += d * d;
    src += 4;
  }
  return sum;
}

/**
 * uint8 with a scale (f32) and a zero point (a byte) for each row: those of the row's own range, those that give int8 its
 * steps, or the given ones of the whole table, whichever leave the least error.
 */
export function uint8RowsF32(
  src: usize, rows: i32, cols: i32, scale: f32, point: i32, dst: usize, scales: usize, points: usize, stats: usize,
): void {
  for (let row = 0; row < rows; row++) {
    store<u64>(EXTREMES, 0);
    extremesF32(src, cols, EXTREMES);
    const high = <f64>load<f32>(EXTREMES);
    const low = -<f64>load<f32>(EXTREMES, 4);
    const step = (high - low) / 255;
    let bestScale: f32 = step < LEAST ? 1 : <f32>step;
    let bestPoint: i32 = step < LEAST ? 0 : <i32>nearest<f64>(-low / step);
    let least = missed(src, cols, bestScale, <f32>bestPoint);
    const wide = max<f64>(high, -low) / 127;
    const even: f32 = wide < LEAST ? 1 : <f32>wide;
    const own = missed(src, cols, even, 128);
    if (own < least) {
      least = own;
      bestScale = even;
      bestPoint = 128;
    }
    if (missed(src, cols, scale, <f32>point) < least) {
      bestScale = scale;
      bestPoint = point;
    }
    uint8F32(src, cols, bestScale, bestPoint, dst, stats);
    store<f32>(scales, bestScale);
    store<u8>(points, <u8>bestPoint);
    src += <usize>cols << 2;
    dst += <usize>cols;
    scales += 4;
    points++;
  }
}
