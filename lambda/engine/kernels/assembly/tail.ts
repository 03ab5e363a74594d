// Room for a last partial vector: loops work on whole vectors, the tail on a copy that is filled up with zeros.

/** Elements that the loops take at a time. */
export const LANES: i32 = 16;

/** Rows are summed in f32 for no longer than this many elements. */
export const STRETCH: i32 = 2048;

const INPUT: usize = memory.data(64, 16);

/** Where the tail's result goes first. */
export const TAIL: usize = memory.data(16, 16);

/** Copies `left` elements, fewer than LANES, and fills up with zeros; returns where they are. */
export function fillTail(at: usize, left: i32, size: usize): usize {
  memory.fill(INPUT, 0, 64);
  memory.copy(INPUT, at, <usize>left * size);
  return INPUT;
}
