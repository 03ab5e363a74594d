/** The middle value; the mean of the two middle ones when their number is even. Throws RangeError without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of no values is not defined');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Measures something once and returns a number, usually seconds. */
export type Measurement = () => Promise<number>;

/**
 * Takes turns through the measurements, `rounds` times, so that a machine that slows down meanwhile slows all of them
 * down. Every second round goes backwards, so that none always follows the same neighbour.
 *
 * @returns the values of each measurement, in the order in which the measurements were given
 */
export async function interleave(measurements: readonly Measurement[], rounds: number): Promise<number[][]> {
  const values: number[][] = measurements.map(() => []);
  const order = measurements.map((_, index) => index);
  for (let round = 0; round < rounds; round++) {
    for (const index of round % 2 === 0 ? order : [...order].reverse()) {
      values[index].push(await measurements[index]());
    }
  }
  return values;
}

/** Seconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
