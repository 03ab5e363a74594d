/** Stores the first words of four vectors at `to`, the second ones `step` bytes after them, and so on. */
// @ts-ignore: decorator
@inline
export function storeTurned(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const ba = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const dc = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(to + step, i64x2.shuffle(ab, cd, 1, 3));
  v128.store(to + 2 * step, i64x2.shuffle(ba, dc, 0, 2));
  v128.store(to + 3 * step, i64x2.shuffle(ba, dc, 1, 3));
}

/**
 * Turns `rows` rows of f32, `srcStride` bytes apart, into columns: number r of column c goes to `dst` + c * `dstStride` +
 * 4 r.
 */
export function transposeF32(src: usize, rows: i32, cols: i32, srcStride: i32, dst: usize, dstStride: i32): void {
  const step = <usize>srcStride;
  const jump = <usize>dstStride;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let from = src + <usize>row * step;
    let to = dst + (<usize>row << 2);
    let col = 0;
    for (; col + 4 <= cols; col += 4) {
      const a = v128.load(from);
      const b = v128.load(from + step);
      const c = v128.load(from + 2 * step);
      const d = v128.load(from + 3 * step);
      storeTurned(a, b, c, d, to, jump);
      from += 16;
      to += 4 * jump;
    }
    for (; col < cols; col++) {
      for (let k: usize = 0; k < 4; k++) store<f32>(to + (k << 2), load<f32>(from + k * step));
      from += 4;
      to += jump;
    }
  }
  for (; row < rows; row++) {
    const from = src + <usize>row * step;
    const to = dst + (<usize>row << 2);
    for (let col = 0; col < cols; col++) store<f32>(to + <usize>col * jump, load<f32>(from + (<usize>col << 2)));
  }
}
