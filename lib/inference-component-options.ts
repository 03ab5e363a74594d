import { Duration } from 'aws-cdk-lib';

/**
 * Runs the model in copies on the endpoint's instances, as a SageMaker inference component, instead of once on each
 * instance. Copies follow the requests, and instances follow the copies: several copies share an instance as long as it
 * has room, and without a copy there is no instance, if none must stay. The component has the endpoint's name; requests
 * must give it as `InferenceComponentName`.
 *
 * A release moves the copies to the next model in batches, and the instances stay. Two copies or more go by
 * `updatePolicy`; a single one cannot be divided, and SageMaker moves it its own way, which no alarm watches: a model that
 * does not come up is taken back all the same, and one that answers wrongly by `smokeTest`.
 *
 * An endpoint cannot go from one kind to the other: give it another `endpointName` where you add or remove this.
 */
export interface InferenceComponentOptions {
  /** Memory that each copy gets, in MiB, 128 or more. An instance has less to give than its type's, for the host needs some. */
  readonly minMemoryRequiredInMb: number;
  /**
   * Memory that each copy may come to use, in MiB.
   *
   * @default - SageMaker's
   */
  readonly maxMemoryRequiredInMb?: number;
  /**
   * CPU cores that each copy gets, 0.25 or more.
   *
   * @default - SageMaker's
   */
  readonly numberOfCpuCoresRequired?: number;
  /**
   * Accelerators (GPUs, Inferentia) that each copy gets, 1 or more.
   *
   * @default - none; needed where the instances have GPUs
   */
  readonly numberOfAcceleratorDevicesRequired?: number;
  /**
   * The fewest copies. With 0, the last one goes when nobody has asked for some time. The requests that come then fail until
   * a copy is back, which takes minutes where an instance has to start.
   *
   * @default 1
   */
  readonly minCopyCount?: number;
  /**
   * The most copies.
   *
   * @default - `minCopyCount`, otherwise 1; the number stays
   */
  readonly maxCopyCount?: number;
  /**
   * Requests a minute that each copy is to get. Measure what one copy does, and take some seventy percent of it.
   *
   * @default - none; needed where `maxCopyCount` is more than `minCopyCount`
   */
  readonly invocationsPerCopy?: number;
  /**
   * How long scaling waits after adding copies, up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly scaleOutCooldown?: Duration;
  /**
   * How long scaling waits after removing copies, up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly scaleInCooldown?: Duration;
  /**
   * The fewest instances, also while no copy needs them; 0 or more.
   *
   * @default - 0 where there may be no copy, otherwise 1
   */
  readonly minInstanceCount?: number;
  /**
   * The most instances. An update starts the copies of the next model beside those of the last one, which takes room.
   *
   * @default - one for each of the most copies, and half as many for updates
   */
  readonly maxInstanceCount?: number;
}
