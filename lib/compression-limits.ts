import { Size } from 'aws-cdk-lib';

/**
 * What a compressed model must keep to be released. Errors are those that the manifest tells: the norm of the
 * difference over the norm of the weights. SQNR is the same in decibels, 20 log10(1 / relative error).
 */
export interface CompressionLimits {
  /**
   * Highest relative error over all weights that were changed.
   *
   * @default 1, where the error is as large as the weights themselves
   */
  readonly maxRelativeError?: number;
  /**
   * Lowest SQNR over all weights that were changed, in dB.
   *
   * @default - no limit
   */
  readonly minSqnrDb?: number;
  /**
   * Highest relative error of any one tensor.
   *
   * @default - no limit
   */
  readonly maxTensorRelativeError?: number;
  /**
   * Lowest SQNR of any one tensor, in dB.
   *
   * @default - no limit
   */
  readonly minTensorSqnrDb?: number;
  /**
   * Tensors that the limits for tensors leave out: names, or `re:` and a regular expression that matches from the start.
   *
   * @default - none
   */
  readonly ignoredTensors?: string[];
  /**
   * Lowest share of zeros among the weights that were changed, 0 to 1.
   *
   * @default - no limit
   */
  readonly minSparsity?: number;
  /**
   * Highest share of zeros among the weights that were changed, 0 to 1.
   *
   * @default - no limit
   */
  readonly maxSparsity?: number;
  /**
   * Largest size of the artifact's files.
   *
   * @default - no limit
   */
  readonly maxSize?: Size;
  /**
   * Lowest ratio of the size before to the size after.
   *
   * @default - no limit
   */
  readonly minCompressionRatio?: number;
}
