// Columns of a matrix as rows of a few, close together: rows that lie a power of two apart would push each other out of the
// cache.

/** Columns that are gathered at a time: two cache lines of them, which processors fetch together. */
export const STRIP: i32 = 32;

/** Bytes from one gathered row to the next. */
export const ROW: usize = 128;

/** Columns of a cache line, and rows of them that are gathered at a time. */
const LINE: i32 = 16;

/** The largest block. */
export const MOST: i32 = 256;

export const gathered: usize = memory.data(MOST * STRIP * 4, 16);

/** What rangeOf finds of each gathered column. */
export const highs: usize = memory.data(STRIP * 4, 16);
export const lows: usize = memory.data(STRIP * 4, 16);

/**
 * Reads where the codes of some columns will go: a core waits for one store into memory that is not in its cache after the
 * other, but for all loads at once.
 */
export function fetch(dst: usize, cols: i32, stride: i32, bytes: i32): void {
  let seen: i32 = 0;
  for (let col = 0; col < cols; col++) {
    for (let at = 0; at < bytes; at += 64) seen |= load<u8>(dst + <usize>at);
    dst += <usize>stride;
  }
  store<i32>(highs, seen);
}

/** Gathers a strip of columns, and keeps what rangeOf keeps of each: the largest as signed and as unsigned integers. */
export function gather(src: usize, rows: i32, stride: i32): void {
  memory.fill(highs, 0, STRIP * 4);
  memory.fill(lows, 0, STRIP * 4);
  let to = gathered;
  for (let row = 0; row < rows; row += LINE) {
    for (let at: usize = 0; at < ROW; at += LINE * 4) gatherLines(src + at, stride, to + at, at);
    src += <usize>(stride * LINE);
    to += LINE * ROW;
  }
}

/** Gathers sixteen rows of a cache line's columns, which begin `at` bytes from the strip's first one. */
function gatherLines(src: usize, stride: i32, to: usize, at: usize): void {
  const high = highs + at;
  const low = lows + at;
  let high0 = v128.load(high);
  let high1 = v128.load(high, 16);
  let high2 = v128.load(high, 32);
  let high3 = v128.load(high, 48);
  let low0 = v128.load(low);
  let low1 = v128.load(low, 16);
  let low2 = v128.load(low, 32);
  let low3 = v128.load(low, 48);
  for (const end = to + LINE * ROW; to < end; to += ROW) {
    const a = v128.load(src);
    const b = v128.load(src, 16);
    const c = v128.load(src, 32);
    const d = v128.load(src, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    high0 = i32x4.max_s(high0, a);
    high1 = i32x4.max_s(high1, b);
    high2 = i32x4.max_s(high2, c);
    high3 = i32x4.max_s(high3, d);
    low0 = i32x4.max_u(low0, a);
    low1 = i32x4.max_u(low1, b);
    low2 = i32x4.max_u(low2, c);
    low3 = i32x4.max_u(low3, d);
    src += <usize>stride;
  }
  v128.store(high, high0);
  v128.store(high, high1, 16);
  v128.store(high, high2, 32);
  v128.store(high, high3, 48);
  v128.store(low, low0);
  v128.store(low, low1, 16);
  v128.store(low, low2, 32);
  v128.store(low, low3, 48);
}
