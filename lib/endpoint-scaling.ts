import { Duration } from 'aws-cdk-lib';

/** How a pipeline's endpoint scales its instances, so that each gets about the same number of requests. */
export interface EndpointScaling {
  /**
   * The fewest instances. None at all only for an endpoint with `asyncInference`: requests wait while an instance starts.
   *
   * @default 1
   */
  readonly minInstanceCount?: number;
  /** The most instances. */
  readonly maxInstanceCount: number;
  /**
   * Requests a minute that each instance is to get. Measure what one instance does, and take some seventy percent of it.
   *
   * @default - none; needed unless the endpoint has `asyncInference`
   */
  readonly invocationsPerInstance?: number;
  /**
   * How many requests may wait for each instance, where the endpoint has `asyncInference`.
   *
   * @default - none; needed where the endpoint has `asyncInference`
   */
  readonly backlogPerInstance?: number;
  /**
   * How long scaling waits after adding instances, up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly scaleOutCooldown?: Duration;
  /**
   * How long scaling waits after removing instances, up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly scaleInCooldown?: Duration;
}
