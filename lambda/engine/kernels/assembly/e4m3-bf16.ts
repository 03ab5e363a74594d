import { expected, reach } from './ahead';
import {
  BF16_HALF, BF16_KEEP, E4M3_BASE16, E4M3_BIAS16, E4M3_LAST16, E4M3_MIN_NORMAL16, E4M3_TINY_MAGIC, MAGNITUDE16, ONE16,
  SIGN_BYTES, word,
} from './constants';
import { INVERSE, SCALE } from './group-scales';
import { weave } from './lanes';
import { addRun, countHalves, squares } from './stats';

// A quotient that is rounded to bf16 has 16 bits, so that eight are encoded at a time.

/** The upper 16 bits of the lanes of evens and odds, in the elements' order. */
// @ts-ignore: decorator
@inline
function weaveUpper(even: v128, odd: v128): v128 {
  return i16x8.shuffle(i32x4.shr_u(even, 16), odd, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** Codes of magnitudes from the smallest normal number on: three bits of the mantissa are kept, ties to even. */
// @ts-ignore: decorator
@inline
function normalCodes(magnitudes: v128, one: v128, bias: v128, last: v128): v128 {
  const odd = v128.and(i16x8.shr_u(magnitudes, 4), one);
  return i16x8.min_s(i16x8.shr_s(i16x8.add(i16x8.add(magnitudes, bias), odd), 4), last);
}

/**
 * Encodes `groups` runs of `size` bf16 weights, a multiple of 16, quotients rounded to bf16. The groups' scales are those
 * of group-scales.ts from `first` on; their inverses must be normal numbers.
 */
export function encodeBf16(src: usize, first: i32, groups: i32, size: i32, dst: usize, stats: usize): void {
  const upper = word(BF16_KEEP);
  const half = word(BF16_HALF);
  const magnitude = word(MAGNITUDE16);
  const one = word(ONE16);
  const bias = word(E4M3_BIAS16);
  const last = word(E4M3_LAST16);
  const least = word(E4M3_MIN_NORMAL16);
  const base = word(E4M3_BASE16);
  const signs = word(SIGN_BYTES);
  const zero = i16x8.splat(0);
  const ahead = expected();
  for (let group = <usize>first << 2; group < <usize>(first + groups) << 2; group += 4) {
    const s = v128.load32_splat(INVERSE + group);
    let signal = zero;
    let noise = zero;
    let zeros = zero;
    const end = src + (<usize>size << 1);
    while (src < end) {
      reach(src, ahead);
      const x0 = f32x4.mul(i32x4.shl(v128.load(src), 16), s);
      const x1 = f32x4.mul(v128.and(v128.load(src), upper), s);
      let r0 = weaveUpper(i32x4.add(x0, half), i32x4.add(x1, half));
      const m0 = v128.and(r0, magnitude);
      let c0 = normalCodes(m0, one, bias, last);
      let y0 = v128.or(i16x8.add(i16x8.shl(c0, 4), base), v128.xor(r0, m0));
      const x2 = f32x4.mul(i32x4.shl(v128.load(src, 16), 16), s);
      const x3 = f32x4.mul(v128.and(v128.load(src, 16), upper), s);
      let r1 = weaveUpper(i32x4.add(x2, half), i32x4.add(x3, half));
      const m1 = v128.and(r1, magnitude);
      let c1 = normalCodes(m1, one, bias, last);
      let y1 = v128.or(i16x8.add(i16x8.shl(c1, 4), base), v128.xor(r1, m1));
      signal = f32x4.add(signal, f32x4.add(squares(x0, x1), squares(x2, x3)));
      if (v128.any_true(i16x8.lt_s(i16x8.min_s(m0, m1), least))) {
        // Below the smallest normal number e4m3 counts in 2^-9, the last bit of this magic number.
        const magic = word(E4M3_TINY_MAGIC);
        const t0 = f32x4.add(i32x4.shl(r0, 16), magic);
        const t1 = f32x4.add(v128.and(r0, upper), magic);
        const t2 = f32x4.add(i32x4.shl(r1, 16), magic);
        const t3 = f32x4.add(v128.and(r1, upper), magic);
        const tiny0 = i16x8.lt_s(m0, least);
        const tiny1 = i16x8.lt_s(m1, least);
        c0 = v128.bitselect(i16x8.abs(weave<u16>(t0, t1)), c0, tiny0);
        c1 = v128.bitselect(i16x8.abs(weave<u16>(t2, t3)), c1, tiny1);
        y0 = v128.bitselect(weaveUpper(f32x4.sub(t0, magic), f32x4.sub(t1, magic)), y0, tiny0);
        y1 = v128.bitselect(weaveUpper(f32x4.sub(t2, magic), f32x4.sub(t3, magic)), y1, tiny1);
        // As the reference adds a zero point of 0 to the quotient, -0 becomes 0.
        r0 = v128.and(r0, i16x8.gt_s(m0, zero));
        r1 = v128.and(r1, i16x8.gt_s(m1, zero));
        zeros = i16x8.sub(zeros, i16x8.add(i16x8.eq(c0, zero), i16x8.eq(c1, zero)));
      }
      // The sign is left of what saturates.
      const sign = v128.and(i8x16.narrow_i16x8_s(r0, r1), signs);
      v128.store(dst, v128.or(i8x16.narrow_i16x8_u(c0, c1), sign));
      const d0 = f32x4.sub(x0, i32x4.shl(y0, 16));
      const d1 = f32x4.sub(x1, v128.and(y0, upper));
      const d2 = f32x4.sub(x2, i32x4.shl(y1, 16));
      const d3 = f32x4.sub(x3, v128.and(y1, upper));
      noise = f32x4.add(noise, f32x4.add(squares(d0, d1), squares(d2, d3)));
      src += 32;
      dst += 16;
    }
    addRun(stats, signal, noise, load<f32>(SCALE + group), countHalves(zeros));
  }
}
