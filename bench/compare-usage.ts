import { megabytes, percent, Result, seconds, times } from './result';
import { median } from './statistics';

/** What one run of a tool took. */
export interface Usage {
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Time and memory of two tools that did the same, as medians of their runs. */
export interface UsageComparison {
  readonly part: string;
  readonly subject: string;
  /** Name of the other tool. */
  readonly name: string;
  readonly ours: readonly Usage[];
  readonly other: readonly Usage[];
  /** How many times as fast it must be. */
  readonly atLeast: number;
}

/** Two lines of the table: the time from file to file, and the peak memory, a quarter of the other's at the most. */
export function compareUsage({ part, subject, name, ours, other, atLeast }: UsageComparison): Result[] {
  const middle = (of: keyof Usage) =>
    [ours, other].map((runs) => median(runs.map((run) => run[of]))) as [number, number];
  const [ourSeconds, theirSeconds] = middle('seconds');
  const [ourBytes, theirBytes] = middle('peakBytes');
  return [
    {
      part,
      subject: `${subject}, file to file`,
      ours: seconds(ourSeconds),
      other: `${name} ${seconds(theirSeconds)}`,
      value: theirSeconds / ourSeconds,
      target: { bound: 'at least', value: atLeast, format: times },
    },
    {
      part,
      subject: `${subject}, peak memory`,
      ours: megabytes(ourBytes),
      other: `${name} ${megabytes(theirBytes)}`,
      value: ourBytes / theirBytes,
      target: { bound: 'at most', value: 0.25, format: percent },
    },
  ];
}
