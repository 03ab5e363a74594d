import { F16_UNBIAS, word } from './constants';
import { widen4 } from './lanes';
import { fillTail } from './tail';

const TAIL: usize = memory.data(16, 16);

function widen<T>(src: usize, count: i32, dst: usize): void {
  const unbias = word(F16_UNBIAS);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(dst, widen4<T>(src, unbias));
    src += 8;
    dst += 16;
  }
  if (i == count) return;
  v128.store(TAIL, widen4<T>(fillTail(src, count - i, 2), unbias));
  memory.copy(dst, TAIL, <usize>(count - i) << 2);
}

/** The same numbers as f32. */
export function widenBf16(src: usize, count: i32, dst: usize): void {
  widen<u16>(src, count, dst);
}

/** The same numbers as f32; infinities and NaN come out finite. */
export function widenF16(src: usize, count: i32, dst: usize): void {
  widen<i16>(src, count, dst);
}
