import { INTEGER_MAGIC, SIGN, word } from './constants';
import { toUnsignedBytes } from './lanes';
import { addRun } from './stats';
import { fillTail, LANES, STRETCH, TAIL } from './tail';

/**
 * Raises two entries of `dst` (u32): the bits of the largest positive number, and those of the largest negative one
 * without its sign. Infinities and NaN are the largest of all.
 */
export function extremesF32(src: usize, count: i32, dst: usize): void {
  const sign = word(SIGN);
  let high = i32x4.splat(0);
  let low = high;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(src);
    high = i32x4.max_s(high, v);
    low = i32x4.max_s(low, v128.xor(v, sign));
    src += 16;
  }
  let positive = max(
    max(i32x4.extract_lane(high, 0), i32x4.extract_lane(high, 1)),
    max(i32x4.extract_lane(high, 2), i32x4.extract_lane(high, 3)),
  );
  let negative = max(
    max(i32x4.extract_lane(low, 0), i32x4.extract_lane(low, 1)),
    max(i32x4.extract_lane(low, 2), i32x4.extract_lane(low, 3)),
  );
  for (; i < count; i++) {
    positive = max(positive, load<i32>(src));
    negative = max(negative, load<i32>(src) ^ 0x80000000);
    src += 4;
  }
  store<u32>(dst, max(load<u32>(dst), <u32>positive));
  store<u32>(dst, max(load<u32>(dst, 4), <u32>negative), 4);
}

function encode(src: usize, count: i32, scale: f32, zeroPoint: f32, dst: usize, stats: usize): void {
  const magic = word(INTEGER_MAGIC);
  const s = f32x4.splat(scale);
  // Clamped before the zero point is added, rounding is that of the quotient alone.
  const low = f32x4.splat(-zeroPoint);
  const high = f32x4.splat(255 - zeroPoint);
  const bias = i32x4.sub(magic, i32x4.splat(<i32>zeroPoint));
  const zeroCode = i8x16.splat(<i8>(<i32>zeroPoint));
  let signal = f32x4.splat(0);
  let noise = signal;
  let zeros = 0;
  let to = dst;
  let left = count;
  while (left > 0) {
    if (left < LANES) {
      src = fillTail(src, left, 4);
      to = TAIL;
      zeros -= LANES - left;
    }
    const x0 = f32x4.div(v128.load(src), s);
    const t0 = f32x4.add(f32x4.pmin(f32x4.pmax(x0, low), high), magic);
    const d0 = f32x4.sub(x0, f32x4.sub(t0, magic));
    const x1 = f32x4.div(v128.load(src, 16), s);
    const t1 = f32x4.add(f32x4.pmin(f32x4.pmax(x1, low), high), magic);
    const d1 = f32x4.sub(x1, f32x4.sub(t1, magic));
    const x2 = f32x4.div(v128.load(src, 32), s);
    const t2 = f32x4.add(f32x4.pmin(f32x4.pmax(x2, low), high), magic);
    const d2 = f32x4.sub(x2, f32x4.sub(t2, magic));
    const x3 = f32x4.div(v128.load(src, 48), s);
    const t3 = f32x4.add(f32x4.pmin(f32x4.pmax(x3, low), high), magic);
    const d3 = f32x4.sub(x3, f32x4.sub(t3, magic));
    signal = f32x4.add(signal, f32x4.add(f32x4.mul(x0, x0), f32x4.mul(x1, x1)));
    signal = f32x4.add(signal, f32x4.add(f32x4.mul(x2, x2), f32x4.mul(x3, x3)));
    noise = f32x4.add(noise, f32x4.add(f32x4.mul(d0, d0), f32x4.mul(d1, d1)));
    noise = f32x4.add(noise, f32x4.add(f32x4.mul(d2, d2), f32x4.mul(d3, d3)));
    const codes = toUnsignedBytes(i32x4.sub(t0, bias), i32x4.sub(t1, bias), i32x4.sub(t2, bias), i32x4.sub(t3, bias));
    v128.store(to, codes);
    zeros += popcnt(i8x16.bitmask(i8x16.eq(codes, zeroCode)));
    src += 64;
    to += LANES;
    left -= LANES;
  }
  if (left < 0) memory.copy(dst + <usize>(count & -LANES), TAIL, count & (LANES - 1));
  addRun(stats, signal, noise, scale, zeros);
}

/** uint8 = clamp(round-half-even(w / scale) + zero point, 0, 255). */
export function uint8F32(src: usize, count: i32, scale: f32, zeroPoint: i32, dst: usize, stats: usize): void {
  for (let done = 0; done < count; done += STRETCH) {
    const part = min(STRETCH, count - done);
    encode(src + (<usize>done << 2), part, scale, <f32>zeroPoint, dst + <usize>done, stats);
  }
}
