/**
 * Finds the smallest and the largest of a run whose length is a multiple of 16. Returns their bits without the signs: those
 * of the smallest, 0 if it is positive, in the upper half, those of the largest, 0 if it is negative, in the lower.
 */
export function rangeOf<T>(at: usize, count: i32): u64 {
  const end = at + <usize>count * sizeof<T>();
  // As signed integers the largest is the largest positive number, as unsigned ones the negative one that is farthest
  // from 0: negative numbers have the highest bit, and their other bits grow with the magnitude.
  let high = i32x4.splat(0);
  let high2 = high;
  let low = high;
  let low2 = high;
  for (; at < end; at += 32) {
    const v = v128.load(at);
    const v2 = v128.load(at, 16);
    high = isFloat<T>() ? i32x4.max_s(high, v) : i16x8.max_s(high, v);
    low = isFloat<T>() ? i32x4.max_u(low, v) : i16x8.max_u(low, v);
    high2 = isFloat<T>() ? i32x4.max_s(high2, v2) : i16x8.max_s(high2, v2);
    low2 = isFloat<T>() ? i32x4.max_u(low2, v2) : i16x8.max_u(low2, v2);
  }
  if (isFloat<T>()) {
    const most = largestWord(i32x4.max_s(high, high2));
    const least = largestWord(i32x4.max_u(low, low2));
    return pair(<i32>least < 0 ? least & 0x7fffffff : 0, most);
  }
  const most = largestHalf(i16x8.max_s(high, high2));
  const least = largestHalf(i16x8.max_u(low, low2));
  return pair(least > 0x7fff ? least & 0x7fff : 0, most);
}

// @ts-ignore: decorator
@inline
export function largestWord(v: v128): u32 {
  v = i32x4.max_u(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  v = i32x4.max_u(v, i32x4.shuffle(v, v, 1, 0, 3, 2));
  return <u32>i32x4.extract_lane(v, 0);
}

// @ts-ignore: decorator
@inline
function largestHalf(v: v128): u32 {
  v = i16x8.max_u(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  v = i16x8.max_u(v, i32x4.shuffle(v, v, 1, 0, 3, 2));
  v = i16x8.max_u(v, i32x4.shr_u(v, 16));
  return <u32>i16x8.extract_lane_u(v, 0);
}

// @ts-ignore: decorator
@inline
function pair(negative: u32, positive: u32): u64 {
  return (<u64>negative << 32) | <u64>positive;
}
