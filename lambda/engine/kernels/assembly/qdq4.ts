import { asymmetricExact, symmetricExact } from './nbits4';

// Four-bit integers as DequantizeLinear takes them: in the order of the tensor, two a byte, the earlier one low.

/** The same as nbits4F32Exact, with codes as onnxruntime rounds them for DequantizeLinear; what fills blocks up is encoded. */
export function qdq4F32Exact(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32, stats: usize,
): u32 {
  return symmetricExact<u16>(src, blocks, size, used, dst, dstStride, scales, scaleStride, stats);
}

/** With a zero point for each block as well, as nbits4AsymmetricF32Exact. */
export function qdq4AsymmetricF32Exact(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): u32 {
  return asymmetricExact<u16>(src, blocks, size, used, dst, dstStride, scales, scaleStride, points, pointStride, stats);
}

/**
 * Turns the codes of `cols` blocks, `srcStride` bytes apart, into `rows` rows of one code of each, without a gap between
 * rows. What is XORed to each code turns 0 to 15 into -8 to 7, or is 0.
 */
export function turnCodes(src: usize, cols: i32, srcStride: i32, rows: i32, mask: i32, dst: usize): void {
  const both = <u32>(mask | (mask << 4));
  let pending: u32 = 0;
  let odd = false;
  for (let row = 0; row < rows; row++) {
    const shift = <u32>((row & 1) << 2);
    let from = src + <usize>(row >> 1);
    let col = 0;
    if (odd) {
      store<u8>(dst++, (pending | (((load<u8>(from) >> shift) & 15) << 4)) ^ both);
      from += <usize>srcStride;
      col = 1;
    }
    for (; col + 1 < cols; col += 2) {
      const low = (<u32>load<u8>(from) >> shift) & 15;
      const high = (<u32>load<u8>(from + <usize>srcStride) >> shift) & 15;
      store<u8>(dst++, (low | (high << 4)) ^ both);
      from += <usize>(srcStride << 1);
    }
    odd = col < cols;
    if (odd) pending = (<u32>load<u8>(from) >> shift) & 15;
  }
  if (odd) store<u8>(dst, pending ^ <u32>mask);
}
