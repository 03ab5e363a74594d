import { Duration } from 'aws-cdk-lib';

/** What happens in a stage of a `ModelDeliveryPipeline`. */
export interface DeliveryStageOptions {
  /**
   * Whether a person must approve before the stage is deployed.
   *
   * @default false
   */
  readonly approval?: boolean;
  /**
   * What the person is told to look at.
   *
   * @default - nothing in particular
   */
  readonly approvalComment?: string;
  /**
   * Trains anew at every delivery, whether or not an input changed.
   *
   * @default false - does what the changed inputs ask for
   */
  readonly retrain?: boolean;
  /**
   * How long the stage waits for the approval of a build whose pipeline has `approval: ReleaseApproval.MANUAL`, 1 minute to
   * 6 days. Then it fails, with the reason; an approval that comes later still releases the build.
   *
   * @default Duration.days(3)
   */
  readonly approvalTimeout?: Duration;
}
