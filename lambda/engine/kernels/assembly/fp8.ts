import { absmaxBits } from './absmax';
import { store1 } from './dtype';
import { encodeE4m3 } from './e4m3';
import { mxExponent, mxScale } from './mx';
import { fromBits, scaleOf } from './scales';
import { STRETCH } from './tail';

/** Rows and columns that share a scale in blocks. */
const BLOCK: i32 = 128;

function runs<T, R>(src: usize, count: i32, length: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < count; i++) {
    const bits = absmaxBits<T>(src, length);
    largest = max(largest, bits);
    const scale = scaleOf<T>(fromBits<T>(bits), 448);
    store1<T>(scales, scale);
    for (let done = 0; done < length; done += STRETCH) {
      const stretch = min(STRETCH, length - done);
      encodeE4m3<T, R, u16>(src + <usize>done * sizeof<T>(), stretch, scale, dst + <usize>done, stats);
    }
    src += <usize>length * sizeof<T>();
    dst += <usize>length;
    scales += sizeof<T>();
  }
  return largest;
}

function blocks<T, R>(src: usize, rows: i32, cols: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  const stride = <usize>cols * sizeof<T>();
  for (let top = 0; top < rows; top += BLOCK) {
    const height = min(BLOCK, rows - top);
    for (let left = 0; left < cols; left += BLOCK) {
      const width = min(BLOCK, cols - left);
      let from = src + <usize>left * sizeof<T>();
      let bits: u32 = 0;
      for (let row = 0; row < height; row++) {
        bits = max(bits, absmaxBits<T>(from + <usize>row * stride, width));
      }
      largest = max(largest, bits);
      const scale = scaleOf<T>(fromBits<T>(bits), 448);
      store1<T>(scales, scale);
      scales += sizeof<T>();
      let to = dst + <usize>left;
      for (let row = 0; row < height; row++) {
        encodeE4m3<T, R, u16>(from, width, scale, to, stats);
        from += stride;
        to += <usize>cols;
      }
    }
    src += <usize>height * stride;
    dst += <usize>height * <usize>cols;
  }
  return largest;
}

function mxGroups<T, R>(src: usize, groups: i32, dst: usize, scales: usize, stats: usize): u32 {
  let largest: u32 = 0;
  for (let i = 0; i < groups; i++) {
    const bits = absmaxBits<T>(src, 32);
    largest = max(largest, bits);
    const exponent = mxExponent<T>(bits, 8);
    store<u8>(scales, <u8>exponent);
    encodeE4m3<T, R, u8>(src, 32, mxScale(exponent), dst, stats);
    src += 32 * sizeof<T>();
    dst += 32;
    scales++;
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
