import { Duration } from 'aws-cdk-lib';
import { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CapacitySize } from './capacity-size';

/** What all ways of updating an endpoint have in common. */
export interface EndpointUpdateOptions {
  /**
   * How long an update may take, 10 minutes to 8 hours. It must exceed the waits that it contains.
   *
   * @default Duration.hours(1)
   */
  readonly maximumExecutionTimeout?: Duration;
  /**
   * Alarms that roll the update back, besides those that a pipeline makes; at most 10 together.
   *
   * @default - none
   */
  readonly alarms?: IAlarm[];
}

/** How an update moves all traffic at once. */
export interface AllAtOnceOptions extends EndpointUpdateOptions {
  /**
   * How long the old fleet stays after the switch, while the alarms may still bring it back; up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly terminationWait?: Duration;
}

/** How an update moves a small part of the traffic first. */
export interface CanaryOptions extends AllAtOnceOptions {
  /**
   * The part of the new fleet that takes traffic first; up to 50 percent.
   *
   * @default CapacitySize.percent(10)
   */
  readonly canarySize?: CapacitySize;
  /**
   * How long the alarms are watched before the rest follows; up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly waitInterval?: Duration;
}

/** How an update moves the traffic in equal steps. */
export interface LinearOptions extends AllAtOnceOptions {
  /**
   * The part that each step moves, 10 to 50 percent.
   *
   * @default CapacitySize.percent(25)
   */
  readonly linearStepSize?: CapacitySize;
  /**
   * How long the alarms are watched after each step; up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly waitInterval?: Duration;
}

/** How an update replaces the instances batch by batch. */
export interface RollingOptions extends EndpointUpdateOptions {
  /**
   * The part that each batch replaces, 5 to 50 percent. That many instances are added for the time of the update.
   *
   * @default CapacitySize.percent(50)
   */
  readonly maximumBatchSize?: CapacitySize;
  /**
   * How long the alarms are watched after each batch; up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly waitInterval?: Duration;
  /**
   * The part that each batch brings back when the update is rolled back.
   *
   * @default - all at once
   */
  readonly rollbackMaximumBatchSize?: CapacitySize;
}
