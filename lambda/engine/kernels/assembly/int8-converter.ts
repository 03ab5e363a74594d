import { INTEGER_MAGIC, MAGNITUDE, word } from './constants';
import { toBytes } from './lanes';
import { addRun, addStats } from './stats';
import { fillTail, LANES, STRETCH, TAIL } from './tail';

// int8 as TensorFlow's converter makes it: quotients of f64, by scales that were not rounded to f32 before, ties away from
// zero. All but one in thousands of quotients are so far from a tie that f32 finds the same integer; the others are looked
// at again.

/** Farther from its integer than this, a quotient of f32 may be on the other side of a tie: it is off by 2e-5 at most. */
const NEAR_TIE: f32 = 0.4999;

// @ts-ignore: decorator
@inline
function quotient(w: f32, scale: f64): i32 {
  const x = <f64>w / scale;
  const magnitude = min<f64>(Math.floor(Math.abs(x) + 0.5), 127);
  return <i32>(x < 0 ? -magnitude : magnitude);
}

function again(at: usize, scale: f64, to: usize): void {
  for (let i: usize = 0; i < <usize>LANES; i++) store<i8>(to + i, <i8>quotient(load<f32>(at + (i << 2)), scale));
}

function encode(src: usize, count: i32, scale: f64, dst: usize, stats: usize): void {
  const magic = word(INTEGER_MAGIC);
  const magnitude = word(MAGNITUDE);
  const s = f32x4.splat(<f32>scale);
  const low = f32x4.splat(-127);
  const high = f32x4.splat(127);
  const near = f32x4.splat(NEAR_TIE);
  const zero = i8x16.splat(0);
  let signal = zero;
  let noise = zero;
  let zeros = 0;
  let at = src;
  let to = dst;
  for (let left = count; left > 0; left -= LANES) {
    if (left < LANES) {
      at = fillTail(at, left, 4);
      to = TAIL;
      zeros -= LANES - left;
    }
    const x0 = f32x4.div(v128.load(at), s);
    const x1 = f32x4.div(v128.load(at, 16), s);
    const x2 = f32x4.div(v128.load(at, 32), s);
    const x3 = f32x4.div(v128.load(at, 48), s);
    const t0 = f32x4.add(f32x4.pmin(f32x4.pmax(x0, low), high), magic);
    const t1 = f32x4.add(f32x4.pmin(f32x4.pmax(x1, low), high), magic);
    const t2 = f32x4.add(f32x4.pmin(f32x4.pmax(x2, low), high), magic);
    const t3 = f32x4.add(f32x4.pmin(f32x4.pmax(x3, low), high), magic);
    const d0 = f32x4.sub(x0, f32x4.sub(t0, magic));
    const d1 = f32x4.sub(x1, f32x4.sub(t1, magic));
    const d2 = f32x4.sub(x2, f32x4.sub(t2, magic));
    const d3 = f32x4.sub(x3, f32x4.sub(t3, magic));
    signal = f32x4.add(signal, f32x4.add(f32x4.mul(x0, x0), f32x4.mul(x1, x1)));
    signal = f32x4.add(signal, f32x4.add(f32x4.mul(x2, x2), f32x4.mul(x3, x3)));
    noise = f32x4.add(noise, f32x4.add(f32x4.mul(d0, d0), f32x4.mul(d1, d1)));
    noise = f32x4.add(noise, f32x4.add(f32x4.mul(d2, d2), f32x4.mul(d3, d3)));
    v128.store(to, toBytes(i32x4.sub(t0, magic), i32x4.sub(t1, magic), i32x4.sub(t2, magic), i32x4.sub(t3, magic)));
    const farther = f32x4.pmax(
      f32x4.pmax(v128.and(d0, magnitude), v128.and(d1, magnitude)),
      f32x4.pmax(v128.and(d2, magnitude), v128.and(d3, magnitude)),
    );
    if (v128.any_true(f32x4.gt(farther, near))) again(at, scale, to);
    zeros += popcnt(i8x16.bitmask(i8x16.eq(v128.load(to), zero)));
    at += LANES * 4;
    to += LANES;
  }
  const rest = count & (LANES - 1);
  if (rest > 0) memory.copy(dst + <usize>(count - rest), TAIL, rest);
  addRun(stats, signal, noise, <f32>scale, zeros);
}

/** int8 with one f64 scale a row. */
export function int8RowsConverterF32(src: usize, rows: i32, cols: i32, scales: usize, dst: usize, stats: usize): void {
  for (let row = 0; row < rows; row++) {
    const scale = load<f64>(scales + (<usize>row << 3));
    for (let done = 0; done < cols; done += STRETCH) {
      encode(src + (<usize>done << 2), min(STRETCH, cols - done), scale, dst + <usize>done, stats);
    }
    src += <usize>cols << 2;
    dst += <usize>cols;
  }
}

/** int8 with one f64 scale a column, for weights whose channel is the last dimension. */
export function int8ColumnsConverterF32(src: usize, rows: i32, cols: i32, scales: usize, dst: usize, stats: usize): void {
  let signal: f64 = 0;
  let noise: f64 = 0;
  let zeros: f64 = 0;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const w = load<f32>(src);
      const scale = load<f64>(scales + (<usize>col << 3));
      const q = quotient(w, scale);
      const d = <f64>w - <f64>q * <f64>(<f32>scale);
      signal += <f64>w * <f64>w;
      noise += d * d;
      zeros += q == 0 ? 1 : 0;
      store<i8>(dst, <i8>q);
      src += 4;
      dst++;
    }
  }
  addStats(stats, signal, noise, zeros);
}
