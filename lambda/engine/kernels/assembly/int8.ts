import { absmaxBits } from './absmax';
import { expect, expected, reach } from './ahead';
import { BF16_KEEP, F16_UNBIAS, INTEGER_MAGIC, LOW_BYTES, NIBBLES, word } from './constants';
import { isBf16, store1 } from './dtype';
import {
  divisor, evens, halfIndex, held, heldByte, invertible, nearQuotient, odds, over, toBytes, weave,
} from './lanes';
import { fromBits, scaleOf } from './scales';
import { addRun, addSquares, addStats, both, countBytes, dropZeros, squares } from './stats';
import { fillTail, LANES, STRETCH, TAIL } from './tail';

// @ts-ignore: decorator
@inline
function clamp<L>(x: v128, low: v128, high: v128): v128 {
  return sizeof<L>() == 1 ? f32x4.pmin(f32x4.pmax(x, low), high) : f32x4.pmin(x, high);
}

/**
 * Quantizes `count` elements, a multiple of 16, that share a scale: the quotient, rounded to R, clamped, to the nearest
 * integer, ties to even. `flip` is xored into each byte: 0x80 gives offset binary. M is as in lanes.ts; L is u8 where a
 * quotient may be less than `lowest`, u16 where it may not by more than the bytes' saturation mends.
 */
function encode<T, R, M, L>(
  src: usize, count: i32, scale: f32, lowest: f32, highest: f32, flip: i32, dst: usize, stats: usize,
): void {
  const unbias = word(F16_UNBIAS);
  const upper = word(BF16_KEEP);
  const half = word(halfIndex<R>());
  const keep = halfIndex<R>() == 0 ? upper : word(halfIndex<R>() + 1);
  const magic = word(INTEGER_MAGIC);
  const low = held(lowest);
  const high = held(highest);
  const s = divisor<M>(scale);
  const flips = heldByte(flip);
  const zero = i8x16.splat(0);
  let signal = zero;
  let noise = zero;
  let zeros = zero;
  const end = dst + <usize>count;
  const last = expected();
  while (dst < end) {
    reach(src, last);
    const x0 = over<M>(evens<T>(src, upper, unbias), s);
    const t0 = f32x4.add(clamp<L>(nearQuotient<R>(x0, half, keep), low, high), magic);
    const d0 = f32x4.sub(x0, f32x4.sub(t0, magic));
    const x1 = over<M>(odds<T>(src, upper, unbias), s);
    const t1 = f32x4.add(clamp<L>(nearQuotient<R>(x1, half, keep), low, high), magic);
    const d1 = f32x4.sub(x1, f32x4.sub(t1, magic));
    src += 8 * sizeof<T>();
    const x2 = over<M>(evens<T>(src, upper, unbias), s);
    const t2 = f32x4.add(clamp<L>(nearQuotient<R>(x2, half, keep), low, high), magic);
    const d2 = f32x4.sub(x2, f32x4.sub(t2, magic));
    const x3 = over<M>(odds<T>(src, upper, unbias), s);
    const t3 = f32x4.add(clamp<L>(nearQuotient<R>(x3, half, keep), low, high), magic);
    const d3 = f32x4.sub(x3, f32x4.sub(t3, magic));
    src += 8 * sizeof<T>();
    signal = f32x4.add(signal, f32x4.add(squares(x0, x1), squares(x2, x3)));
    noise = f32x4.add(noise, f32x4.add(squares(d0, d1), squares(d2, d3)));
    const q = i8x16.narrow_i16x8_s(weave<T>(t0, t1), weave<T>(t2, t3));
    v128.store(dst, v128.xor(q, flips));
    zeros = i8x16.sub(zeros, i8x16.eq(q, zero));
    dst += 16;
  }
  addRun(stats, signal, noise, scale, countBytes(zeros));
}

/** Any number of elements that share a scale. */
function encodeRun<T, R, M, L>(
  src: usize, count: i32, scale: f32, lowest: f32, highest: f32, flip: i32, dst: usize, stats: usize,
): void {
  const whole = count & -LANES;
  for (let done = 0; done < whole; done += STRETCH) {
    const from = src + <usize>done * sizeof<T>();
    encode<T, R, M, L>(from, min(STRETCH, whole - done), scale, lowest, highest, flip, dst + <usize>done, stats);
  }
  const left = count - whole;
  if (left == 0) return;
  const tail = fillTail(src + <usize>whole * sizeof<T>(), left, sizeof<T>());
  encode<T, R, M, L>(tail, LANES, scale, lowest, highest, flip, TAIL, stats);
  memory.copy(dst + <usize>whole, TAIL, left);
  dropZeros(stats, LANES - left);
}

function withScales<T, R>(
  src: usize, rows: i32, cols: i32, scales: usize, low: f32, high: f32, dst: usize, stats: usize,
): void {
  expect(src, <usize>rows * <usize>cols * sizeof<T>());
  for (let row = 0; row < rows; row++) {
    encodeRun<T, R, u16, u8>(src, cols, load<f32>(scales), low, high, 0, dst, stats);
    src += <usize>cols * sizeof<T>();
    dst += <usize>cols;
    scales += 4;
  }
}

function withOwnScales<T, R>(src: usize, rows: i32, cols: i32, flip: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  expect(src, <usize>rows * <usize>cols * sizeof<T>());
  for (let row = 0; row < rows; row++) {
    const bits = absmaxBits<T>(src, cols);
    largest = max(largest, bits);
    const scale = scaleOf<T>(fromBits<T>(bits), 127.5);
    store1<T>(scales, scale);
    if (isBf16<R>() && invertible(scale)) encodeRun<T, R, u8, u16>(src, cols, scale, -128, 127, flip, dst, stats);
    else encodeRun<T, R, u16, u16>(src, cols, scale, -128, 127, flip, dst, stats);
    src += <usize>cols * sizeof<T>();
    dst += <usize>cols;
    scales += sizeof<T>();
  }
  return largest;
}

export function int8RunsF32(src: usize, runs: i32, length: i32, flip: i32, dst: usize, scales: usize, stats: usize): u32 {
  return withOwnScales<f32, f32>(src, runs, length, flip, dst, scales, stats);
}

export function int8RunsBf16(src: usize, runs: i32, length: i32, flip: i32, dst: usize, scales: usize, stats: usize): u32 {
  return withOwnScales<u16, f32>(src, runs, length, flip, dst, scales, stats);
}

export function int8RunsBf16Exact(src: usize, runs: i32, length: i32, flip: i32, dst: usize, scales: usize, stats: usize): u32 {
  return withOwnScales<u16, u16>(src, runs, length, flip, dst, scales, stats);
}

export function int8RunsF16(src: usize, runs: i32, length: i32, flip: i32, dst: usize, scales: usize, stats: usize): u32 {
  return withOwnScales<i16, f32>(src, runs, length, flip, dst, scales, stats);
}

export function int8RunsF16Exact(src: usize, runs: i32, length: i32, flip: i32, dst: usize, scales: usize, stats: usize): u32 {
  return withOwnScales<i16, i16>(src, runs, length, flip, dst, scales, stats);
}

/** int8 with one f32 scale a row: round(clamp(w / s)) with `low` to 127. */
export function int8RowsF32(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  withScales<f32, f32>(src, rows, cols, scales, low, 127, dst, stats);
}

export function int8RowsBf16(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  withScales<u16, f32>(src, rows, cols, scales, low, 127, dst, stats);
}

/** The same, with the quotient rounded to bfloat16 first, as tensor libraries do. */
export function int8RowsBf16Exact(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  withScales<u16, u16>(src, rows, cols, scales, low, 127, dst, stats);
}

export function int8RowsF16(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  withScales<i16, f32>(src, rows, cols, scales, low, 127, dst, stats);
}

export function int8RowsF16Exact(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  withScales<i16, i16>(src, rows, cols, scales, low, 127, dst, stats);
}

/** int4 with one f32 scale a row, -8 to 7, two a byte, the earlier one low; rows follow each other without a gap. */
export function int4RowsF32(src: usize, rows: i32, cols: i32, scales: usize, dst: usize, stats: usize): void {
  withScales<f32, f32>(src, rows, cols, scales, -8, 7, dst, stats);
  packNibbles(dst, rows * cols);
}

/** Puts the low halves of two bytes into one, in place; the last byte's upper half stays 0 where there is none. */
function packNibbles(at: usize, count: i32): void {
  const low = word(NIBBLES);
  const bytes = word(LOW_BYTES);
  const pairs = count & -32;
  let to = at;
  let from = at;
  for (let done = 0; done < pairs; done += 32) {
    const a = v128.and(v128.load(from), low);
    const b = v128.and(v128.load(from, 16), low);
    const first = v128.and(v128.or(a, i16x8.shr_u(a, 4)), bytes);
    const second = v128.and(v128.or(b, i16x8.shr_u(b, 4)), bytes);
    v128.store(to, i8x16.narrow_i16x8_u(first, second));
    from += 32;
    to += 16;
  }
  for (let done = pairs; done < count; done += 2) {
    const second: u8 = done + 1 < count ? load<u8>(from, 1) & 15 : 0;
    store<u8>(to, (load<u8>(from) & 15) | (second << 4));
    from += 2;
    to++;
  }
}

/** Four columns: what is encoded comes back as integers in f32 lanes with the magic number added. */
// @ts-ignore: decorator
@inline
function nearColumns(src: usize, scales: usize, low: v128, high: v128, magic: v128): v128 {
  return f32x4.add(f32x4.pmin(f32x4.pmax(f32x4.div(v128.load(src), v128.load(scales)), low), high), magic);
}

// @ts-ignore: decorator
@inline
function missed(src: usize, scales: usize, near: v128, magic: v128): v128 {
  return f32x4.sub(v128.load(src), f32x4.mul(f32x4.sub(near, magic), v128.load(scales)));
}

/** int8 with one f32 scale a column, for weights whose channel is the last dimension. */
export function int8ColumnsF32(src: usize, rows: i32, cols: i32, scales: usize, low: f32, dst: usize, stats: usize): void {
  const magic = word(INTEGER_MAGIC);
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(127);
  const zero = i8x16.splat(0);
  let signals = zero;
  let noises = zero;
  let signal: f64 = 0;
  let noise: f64 = 0;
  let zeros: f64 = 0;
  for (let row = 0; row < rows; row++) {
    let col = 0;
    let at = scales;
    for (; col + LANES <= cols; col += LANES) {
      const t0 = nearColumns(src, at, lowest, highest, magic);
      const t1 = nearColumns(src + 16, at + 16, lowest, highest, magic);
      const t2 = nearColumns(src + 32, at + 32, lowest, highest, magic);
      const t3 = nearColumns(src + 48, at + 48, lowest, highest, magic);
      const q = toBytes(i32x4.sub(t0, magic), i32x4.sub(t1, magic), i32x4.sub(t2, magic), i32x4.sub(t3, magic));
      v128.store(dst, q);
      zeros += <f64>popcnt(i8x16.bitmask(i8x16.eq(q, zero)));
      signals = addSquares(addSquares(signals, v128.load(src)), v128.load(src, 16));
      signals = addSquares(addSquares(signals, v128.load(src, 32)), v128.load(src, 48));
      noises = addSquares(addSquares(noises, missed(src, at, t0, magic)), missed(src + 16, at + 16, t1, magic));
      noises = addSquares(addSquares(noises, missed(src + 32, at + 32, t2, magic)), missed(src + 48, at + 48, t3, magic));
      src += 64;
      at += 64;
      dst += LANES;
    }
    for (; col < cols; col++) {
      const w = load<f32>(src);
      const s = load<f32>(at);
      const q = nearest<f32>(min<f32>(max<f32>(w / s, low), 127));
      const d = <f64>w - <f64>q * <f64>s;
      signal += <f64>w * <f64>w;
      noise += d * d;
      zeros += q == 0 ? 1 : 0;
      store<i8>(dst, <i8>q);
      src += 4;
      at += 4;
      dst++;
    }
  }
  addStats(stats, signal + both(signals), noise + both(noises), zeros);
}
