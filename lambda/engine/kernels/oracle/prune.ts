/** Magnitude (bits without the sign) below which all goes, and how many of those that equal it go as well. */
export interface Cut {
  readonly bits: number;
  readonly ties: number;
}

/** The cut that removes exactly `count` elements, by sorting. */
export function cutOf(magnitudes: readonly number[], count: number): Cut {
  if (count === 0) return { bits: 0, ties: 0 };
  const sorted = [...magnitudes].sort((a, b) => a - b);
  const bits = sorted[count - 1];
  return { bits, ties: count - sorted.findIndex((magnitude) => magnitude === bits) };
}

/** Which elements go: the smaller ones, and of the equal ones the first in order. */
export function prunedBy(magnitudes: readonly number[], { bits, ties }: Cut): boolean[] {
  let left = ties;
  return magnitudes.map((magnitude) => magnitude < bits || (magnitude === bits && left-- > 0));
}

/** Which elements of a row go in the 2:4 pattern: a rest of less than four stays. */
export function prunedTwoOfFour(magnitudes: readonly number[]): boolean[] {
  return magnitudes.map((magnitude, i) => {
    const first = i - (i % 4);
    if (first + 4 > magnitudes.length) return false;
    const before = [0, 1, 2, 3].filter((k) => {
      const other = magnitudes[first + k];
      return other > magnitude || (other === magnitude && first + k < i);
    });
    return before.length >= 2;
  });
}
