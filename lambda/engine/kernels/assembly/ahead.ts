// Runs are read twice, for their scales and for their codes. The second reading is work for the processor alone, and
// meanwhile memory could bring what comes after: so loops reach for what they will need later.

/** How far ahead, in bytes: a batch of groups of 128 bf16, which is read for its scales as a whole. */
const DISTANCE: usize = 16384;

let last: usize = 0;

/** Says where what is to be encoded ends: `bytes` from `at` on. Nothing beyond is reached for. */
// @ts-ignore: decorator
@inline
export function expect(at: usize, bytes: usize): void {
  last = at + max<usize>(bytes, 1) - 1;
}

/** The last byte to be expected, for the time of a loop. */
// @ts-ignore: decorator
@inline
export function expected(): usize {
  return last;
}

/** Reaches ahead of `at`. A load whose result nobody needs waits for nothing. */
// @ts-ignore: decorator
@inline
export function reach(at: usize, end: usize): void {
  load<u8>(min(at + DISTANCE, end));
}
