import { encodeExact } from './nbits4';

// Four-bit integers as DequantizeLinear takes them: in the order of the tensor, two a byte, the earlier one low.

/**
 * Encodes blocks as nbits4F32Exact does, but as onnxruntime rounds for DequantizeLinear, with scales that are there already.
 * Blocks, scales and zero points (u8; 8 for all where `points` is 0) lie at distances of their strides.
 */
export function qdq4F32Exact(
  src: usize, blocks: i32, size: i32, used: i32, dst: usize, dstStride: i32, scales: usize, scaleStride: i32,
  points: usize, pointStride: i32, stats: usize,
): void {
  for (let i = 0; i < blocks; i++) {
    const point: f32 = points == 0 ? 8.0 : <f32>load<u8>(points + <usize>(i * pointStride));
    encodeExact<u16>(src, size, load<f32>(scales), point, dst, stats);
    src += <usize>size << 2;
    dst += <usize>dstStride;
    scales += <usize>scaleStride;
  }
  // Zeros that fill blocks up do not count.
  store<f64>(stats, load<f64>(stats, 16) - <f64>(blocks * (size - used)), 16);
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
