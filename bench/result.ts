/** What must be reached. */
export interface Target {
  readonly bound: 'at least' | 'at most';
  readonly value: number;
  /** How numbers of it are written, the unit included. */
  readonly format: (value: number) => string;
}

/** One line of the table. */
export interface Result {
  readonly part: string;
  /** What was measured. */
  readonly subject: string;
  /** The numbers that the value comes from. */
  readonly ours: string;
  readonly other: string;
  readonly value: number;
  readonly target: Target;
}

export function isMet({ value, target }: Result): boolean {
  return target.bound === 'at least' ? value >= target.value : value <= target.value;
}

/** Cut off, not rounded: what misses a target by little must not look as if it met it. */
export const times = (value: number): string => {
  const digits = value >= 10 ? 1 : 2;
  return `${(Math.floor(value * 10 ** digits) / 10 ** digits).toFixed(digits)}x`;
};
export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
export const seconds = (value: number): string => `${value.toFixed(2)} s`;
/** Speed in source bytes. */
export const speed = (bytes: number, duration: number): string =>
  bytes / duration >= 1e9
    ? `${(bytes / duration / 1e9).toFixed(2)} GB/s`
    : `${(bytes / duration / 1e6).toFixed(0)} MB/s`;
