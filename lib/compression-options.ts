import { Duration } from 'aws-cdk-lib';
import { CompressionRecipe } from './compression-recipe';

/** How models are compressed. */
export interface CompressionOptions {
  /** What happens to the weights. */
  readonly recipe: CompressionRecipe;
  /**
   * Memory of the functions that compress, in MB, 512 to 10240. CPU time and network speed grow with it.
   *
   * @default 3008
   */
  readonly memorySize?: number;
  /**
   * How many functions compress at once, 1 to 10000.
   *
   * @default 100
   */
  readonly maxConcurrency?: number;
  /**
   * How long one function may take, up to 15 minutes.
   *
   * @default Duration.minutes(15)
   */
  readonly timeout?: Duration;
}
