import { MAGNITUDE, MAGNITUDE16, word } from './constants';

// Largest magnitudes, found by an integer maximum over the bits without the sign. The bits of infinities and NaN are the
// largest of all, so the caller sees them too.

// @ts-ignore: decorator
@inline
export function absmaxBits<T>(src: usize, count: i32): u32 {
  let i = 0;
  let best: u32 = 0;
  if (isFloat<T>()) {
    const mask = word(MAGNITUDE);
    let a = i32x4.splat(0);
    let b = a;
    for (; i + 8 <= count; i += 8) {
      a = i32x4.max_u(a, v128.and(v128.load(src), mask));
      b = i32x4.max_u(b, v128.and(v128.load(src, 16), mask));
      src += 32;
    }
    a = i32x4.max_u(a, b);
    best = max(
      max(<u32>i32x4.extract_lane(a, 0), <u32>i32x4.extract_lane(a, 1)),
      max(<u32>i32x4.extract_lane(a, 2), <u32>i32x4.extract_lane(a, 3)),
    );
    for (; i < count; i++) {
      best = max(best, load<u32>(src) & 0x7fffffff);
      src += 4;
    }
    return best;
  }
  const mask = word(MAGNITUDE16);
  let a = i16x8.splat(0);
  let b = a;
  for (; i + 16 <= count; i += 16) {
    a = i16x8.max_u(a, v128.and(v128.load(src), mask));
    b = i16x8.max_u(b, v128.and(v128.load(src, 16), mask));
    src += 32;
  }
  a = i16x8.max_u(a, b);
  a = i16x8.max_u(a, i16x8.shuffle(a, a, 4, 5, 6, 7, 0, 1, 2, 3));
  a = i16x8.max_u(a, i16x8.shuffle(a, a, 2, 3, 0, 1, 6, 7, 4, 5));
  best = max(<u32>i16x8.extract_lane_u(a, 0), <u32>i16x8.extract_lane_u(a, 1));
  for (; i < count; i++) {
    best = max(best, <u32>load<u16>(src) & 0x7fff);
    src += 2;
  }
  return best;
}

// @ts-ignore: decorator
@inline
function absmaxRows<T>(src: usize, rows: i32, cols: i32, dst: usize): void {
  const stride = <usize>cols * sizeof<T>();
  for (let row = 0; row < rows; row++) {
    store<u32>(dst, max(load<u32>(dst), absmaxBits<T>(src, cols)));
    src += stride;
    dst += 4;
  }
}

/** Raises each row's entry of `dst` (u32 bits of the largest magnitude so far). */
export function absmaxRowsF32(src: usize, rows: i32, cols: i32, dst: usize): void {
  absmaxRows<f32>(src, rows, cols, dst);
}

export function absmaxRows16(src: usize, rows: i32, cols: i32, dst: usize): void {
  absmaxRows<u16>(src, rows, cols, dst);
}

/** Raises each column's entry of `dst` (u32 bits of the largest magnitude so far). */
export function absmaxColumnsF32(src: usize, rows: i32, cols: i32, dst: usize): void {
  const mask = word(MAGNITUDE);
  for (let row = 0; row < rows; row++) {
    let col = 0;
    for (; col + 4 <= cols; col += 4) {
      const at = dst + (<usize>col << 2);
      v128.store(at, i32x4.max_u(v128.load(at), v128.and(v128.load(src), mask)));
      src += 16;
    }
    for (; col < cols; col++) {
      const at = dst + (<usize>col << 2);
      store<u32>(at, max(load<u32>(at), load<u32>(src) & 0x7fffffff));
      src += 4;
    }
  }
}
