/**
 * The instructions a worker follows. Every output byte is a pure function of source ranges, so any worker can make any
 * range at any time, twice or in any order, with the same result. A format turns a model's headers into steps; the
 * executor of each kind writes exactly `length` bytes.
 */

/** A run of bytes in one of the source's files. */
export interface SourceRange {
  /** Index into the plan's `sources`. */
  readonly file: number;
  /** First byte. */
  readonly offset: number;
  /** Length in bytes. */
  readonly length: number;
}

/** Bytes known when the plan was made: headers, padding, small constants. */
export interface LiteralStep {
  readonly kind: 'literal';
  readonly length: number;
  /** The bytes, base64. */
  readonly data: string;
}

/** Source bytes as they are. */
export interface CopyStep {
  readonly kind: 'copy';
  readonly length: number;
  readonly from: SourceRange;
  /** Index into the plan's `tensors` when the range is (part of) a tensor. */
  readonly tensor?: number;
}

/** A step of a format's or recipe's own; its executor is found by `kind`. */
export interface CustomStep {
  readonly kind: string;
  readonly length: number;
  readonly [field: string]: unknown;
}

export type Step = LiteralStep | CopyStep | CustomStep;
