import { Duration } from 'aws-cdk-lib';

/**
 * Tries a new model beside the one that serves before anybody gets an answer of it: for a while it gets copies of the
 * requests, its answers are thrown away, and its errors and its latency decide whether it is released. SageMaker starts a
 * second fleet for the model that serves, and one for the new model, which cost as much as instances do.
 *
 * The first release of an endpoint, which has nothing to be compared with, goes without.
 */
export interface ShadowTest {
  /** Share of the requests of which the new model gets a copy, in percent, 1 to 100. With less, it has fewer instances. */
  readonly samplingPercentage: number;
  /**
   * How long it gets them, 1 minute to 12 hours. Other releases wait meanwhile.
   *
   * @default Duration.minutes(30)
   */
  readonly duration?: Duration;
  /**
   * How many requests it must have got, or nothing is known of it and it is refused.
   *
   * @default 100
   */
  readonly minInvocations?: number;
  /**
   * How much larger the share of requests that it fails on or refuses may be than that of the model that serves, 0 to
   * below 1.
   *
   * @default 0.01
   */
  readonly maxErrorShare?: number;
  /**
   * How long its container may take for 99 of 100 requests, 1 millisecond to 1 hour.
   *
   * @default - no limit of its own
   */
  readonly maxModelLatency?: Duration;
  /**
   * The time of 99 of 100 requests in its container, as a multiple of that of the model that serves, 0.1 to 100.
   *
   * @default 1.5
   */
  readonly maxLatencyRatio?: number;
}
