// Long messages are made short without tables: modulo CRC-64/NVME's polynomial, the sum of x^(-8 d) over the eight
// distances below is 1. So a byte may be taken away when it is added (xor) at these distances further on, and taking away
// all but the end leaves an end with the same remainder. The distances were found by a search for sums that cancel; they
// are multiples of 4, fit the first cache, and lie beyond what a processor still has to write.

const D0: usize = 2464;
const D1: usize = 4304;
const D2: usize = 4352;
const D3: usize = 5260;
const D4: usize = 10988;
const D5: usize = 14000;
const D6: usize = 14620;
const D7: usize = 14968;

/** The largest distance, as a multiple of 16. */
const REACH: usize = 14976;

/** Bytes that are folded before the window is moved back to its beginning. */
const SPAN: usize = 65536;

/** Room that `fold` needs, at its `work`. */
export const FOLD_BYTES: usize = REACH + SPAN + REACH + 16;

/** Messages from here on are worth folding. */
export const FOLD_FROM: u32 = 32768;

/** What bytes before `at + REACH` add there. */
// @ts-ignore: decorator
@inline
function carried(at: usize): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(v128.load(at, REACH - D0), v128.load(at, REACH - D1)),
      v128.xor(v128.load(at, REACH - D2), v128.load(at, REACH - D3)),
    ),
    v128.xor(
      v128.xor(v128.load(at, REACH - D4), v128.load(at, REACH - D5)),
      v128.xor(v128.load(at, REACH - D6), v128.load(at, REACH - D7)),
    ),
  );
}

/** Bytes that `fold` leaves of `count`. */
export function foldedLength(count: u32): u32 {
  return count - ((count - <u32>REACH) & -16);
}

/**
 * Folds `count` bytes, FOLD_FROM at least, into their last `foldedLength(count)`; returns where these are. `first` is
 * added to the first eight.
 */
export function fold(src: usize, count: u32, first: u64, work: usize): usize {
  const last = src + <usize>count;
  const end = last - <usize>foldedLength(count);
  const turn = work + SPAN;
  // The window: REACH bytes that were folded already, none at first, and then those at hand.
  memory.fill(work, 0, REACH);
  v128.store(work + REACH, v128.xor(v128.load(src), i64x2.replace_lane(i64x2.splat(0), 0, first)));
  src += 16;
  let at = work + 16;
  while (true) {
    const stop = min(end, src + (turn - at));
    for (; src < stop; src += 16) {
      v128.store(at, v128.xor(v128.load(src), carried(at)), REACH);
      at += 16;
    }
    if (at == turn) {
      memory.copy(work, turn, REACH);
      at = work;
    }
    if (src == end) break;
  }
  // Bytes of the end are not taken away, so they add nothing to those after them: what lies there reads as zeros.
  memory.copy(work, at, REACH);
  at = work;
  memory.fill(work + REACH, 0, REACH + 16);
  const target = work + REACH + SPAN;
  let to = target;
  for (; src + 16 <= last; src += 16) {
    v128.store(to, v128.xor(v128.load(src), carried(at)));
    at += 16;
    to += 16;
  }
  v128.store(to, carried(at));
  for (; src < last; src++) {
    store<u8>(to, load<u8>(to) ^ load<u8>(src));
    to++;
  }
  return target;
}
