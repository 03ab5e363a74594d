const MIB = 1024 * 1024;

/** Parts are uploaded whole from memory; 16 MiB keeps a worker small and a request's overhead unseen. */
const USUAL_PART_BYTES = 16 * MIB;

/** S3 takes 10,000 parts; pieces round their counts down, so this leaves room. */
const PARTS_AIMED_AT = 9_000;

/** Part size in bytes for an output of the given size. */
export function partBytes(outputSize: number): number {
  return Math.max(USUAL_PART_BYTES, Math.ceil(outputSize / PARTS_AIMED_AT / MIB) * MIB);
}

/**
 * Cuts a piece into parts: all of `partBytes`, but the last, which takes the rest and is never the shorter one, because
 * S3 refuses parts under 5 MiB anywhere but at an object's end.
 */
export function partSizes(length: number, bytes: number): number[] {
  const count = Math.max(1, Math.floor(length / bytes));
  const sizes = new Array<number>(count).fill(bytes);
  sizes[count - 1] = length - bytes * (count - 1);
  return sizes;
}
