import { absmaxBits } from './absmax';
import { expect } from './ahead';
import { isBf16 } from './dtype';
import { encodeE4m3 } from './e4m3';
import { BATCH, invertibleAll, POSITIVE, scalesOfAbsmax, setScale } from './group-scales';
import { mxExponent, mxScale } from './mx';
import { STRETCH } from './tail';

/** Rows and columns that share a scale in blocks. */
const BLOCK: i32 = 128;

// @ts-ignore: decorator
@inline
function encodeScaled<T, R>(src: usize, first: i32, groups: i32, size: i32, dst: usize, stats: usize, exact: bool): void {
  if (isBf16<R>() && exact) encodeE4m3<T, R, u8>(src, first, groups, size, dst, stats);
  else encodeE4m3<T, R, u16>(src, first, groups, size, dst, stats);
}

function runs<T, R>(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  expect(src, <usize>count * <usize>length * sizeof<T>());
  for (let i = 0; i < count; i++) {
    const bits = absmaxBits<T>(src, length);
    largest = max(largest, bits);
    store<u32>(POSITIVE, bits);
    scalesOfAbsmax<T>(1, 448, scales);
    const invertible = invertibleAll(1);
    for (let done = 0; done < length; done += STRETCH) {
      const stretch = min(STRETCH, length - done);
      encodeScaled<T, R>(src + <usize>done * sizeof<T>(), 0, 1, stretch, dst + <usize>done, stats, invertible);
    }
    src += <usize>length * sizeof<T>();
    dst += <usize>length;
    scales += sizeof<T>();
  }
  return largest;
}

/** Blocks of 128 rows, as many beside each other as make a batch; row by row, as memory is read fastest. */
function band<T, R>(src: usize, height: i32, width: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  const stride = <usize>cols * sizeof<T>();
  const whole = width / BLOCK;
  const left = width - whole * BLOCK;
  const count = whole + i32(left > 0);
  let largest: u32 = 0;
  memory.fill(POSITIVE, 0, <usize>count << 2);
  let at = src;
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < count; i++) {
      const bits = absmaxBits<T>(at + <usize>(i * BLOCK) * sizeof<T>(), i < whole ? BLOCK : left);
      const so = POSITIVE + (<usize>i << 2);
      store<u32>(so, max(load<u32>(so), bits));
      largest = max(largest, bits);
    }
    at += stride;
  }
  scalesOfAbsmax<T>(count, 448, scales);
  const invertible = invertibleAll(count);
  const rest = <usize>(whole * BLOCK);
  for (let row = 0; row < height; row++) {
    if (whole > 0) encodeScaled<T, R>(src, 0, whole, BLOCK, dst, stats, invertible);
    if (left > 0) encodeScaled<T, R>(src + rest * sizeof<T>(), whole, 1, left, dst + rest, stats, invertible);
    src += stride;
    dst += <usize>cols;
  }
  return largest;
}

function blocks<T, R>(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  expect(src, <usize>rows * <usize>cols * sizeof<T>());
  for (let top = 0; top < rows; top += BLOCK) {
    const height = min(BLOCK, rows - top);
    for (let left = 0; left < cols; left += BATCH * BLOCK) {
      const width = min(BATCH * BLOCK, cols - left);
      const from = src + <usize>left * sizeof<T>();
      largest = max(largest, band<T, R>(from, height, width, cols, dst + <usize>left, scales, stats));
      scales += <usize>((width + BLOCK - 1) / BLOCK) * sizeof<T>();
    }
    src += <usize>height * <usize>cols * sizeof<T>();
    dst += <usize>height * <usize>cols;
  }
  return largest;
}

function mxGroups<T, R>(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  expect(src, <usize>groups * 32 * sizeof<T>());
  for (let done = 0; done < groups; done += BATCH) {
    const batch = min(BATCH, groups - done);
    for (let i = 0; i < batch; i++) {
      const bits = absmaxBits<T>(src + <usize>(i * 32) * sizeof<T>(), 32);
      largest = max(largest, bits);
      const exponent = mxExponent<T>(bits, 8);
      store<u8>(scales + <usize>i, <u8>exponent);
      setScale(i, mxScale(exponent), 0);
    }
    encodeE4m3<T, R, u8>(src, 0, batch, 32, dst, stats);
    src += <usize>(batch * 32) * sizeof<T>();
    dst += <usize>(batch * 32);
    scales += <usize>batch;
  }
  return largest;
}

/** e4m3 with a scale for each of `count` runs; returns the largest magnitude's bits. */
export function fp8RunsF32(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<f32, f32>(src, count, length, dst, scales, stats);
}

export function fp8RunsBf16(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<u16, f32>(src, count, length, dst, scales, stats);
}

export function fp8RunsBf16Exact(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<u16, u16>(src, count, length, dst, scales, stats);
}

export function fp8RunsF16(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<i16, f32>(src, count, length, dst, scales, stats);
}

export function fp8RunsF16Exact(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  return runs<i16, i16>(src, count, length, dst, scales, stats);
}

/** e4m3 with a scale for each block of 128 by 128, from the top left on. */
export function fp8BlocksF32(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<f32, f32>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksBf16(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<u16, f32>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksBf16Exact(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<u16, u16>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksF16(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<i16, f32>(src, rows, cols, dst, scales, stats);
}

export function fp8BlocksF16Exact(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  return blocks<i16, i16>(src, rows, cols, dst, scales, stats);
}

/** e4m3 with a power of two for each 32. */
export function mxfp8GroupsF32(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<f32, f32>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsBf16(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<u16, f32>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsBf16Exact(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<u16, u16>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsF16(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<i16, f32>(src, groups, dst, scales, stats);
}

export function mxfp8GroupsF16Exact(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  return mxGroups<i16, i16>(src, groups, dst, scales, stats);
}
