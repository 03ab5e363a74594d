import { Duration } from 'aws-cdk-lib';
import { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { ensure, requireDuration } from './private/validate';

/** How an update moves all traffic at once. */
export interface AllAtOnceOptions {
  /**
   * How long the old fleet stays after the switch, while the alarms may still bring it back; up to 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly terminationWait?: Duration;
  /**
   * How long an update may take, 10 minutes to 8 hours. It must exceed `terminationWait`.
   *
   * @default Duration.hours(1)
   */
  readonly maximumExecutionTimeout?: Duration;
  /**
   * Alarms that roll the update back; at most 10.
   *
   * @default - none; only a fleet that does not come up rolls back
   */
  readonly alarms?: IAlarm[];
}

/** How an endpoint changes from one model to the next. */
export class EndpointUpdatePolicy {
  /** A new fleet takes over all traffic once it is healthy. */
  public static allAtOnce(options: AllAtOnceOptions = {}): EndpointUpdatePolicy {
    const wait = options.terminationWait ?? Duration.minutes(5);
    const limit = options.maximumExecutionTimeout ?? Duration.hours(1);
    requireDuration(wait, 'terminationWait', 0, 3600);
    requireDuration(limit, 'maximumExecutionTimeout', 600, 28800);
    ensure(
      limit.toSeconds() > wait.toSeconds(),
      `maximumExecutionTimeout (${limit.toSeconds()} s) must exceed terminationWait (${wait.toSeconds()} s)`,
    );
    const alarms = options.alarms ?? [];
    ensure(alarms.length <= 10, `an update can be rolled back by at most 10 alarms, received: ${alarms.length}`);
    return new EndpointUpdatePolicy(limit, {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
        TerminationWaitInSeconds: wait.toSeconds(),
        MaximumExecutionTimeoutInSeconds: limit.toSeconds(),
      },
      ...(alarms.length === 0
        ? {}
        : { AutoRollbackConfiguration: { Alarms: alarms.map((alarm) => ({ AlarmName: alarm.alarmName })) } }),
    });
  }

  private constructor(
    private readonly limit: Duration,
    private readonly deploymentConfig: Record<string, unknown>,
  ) {}

  /**
   * How long an update may take.
   *
   * @internal
   */
  public _limit(): Duration {
    return this.limit;
  }

  /**
   * As `DeploymentConfig` of the SageMaker API.
   *
   * @internal
   */
  public _render(): Record<string, unknown> {
    return this.deploymentConfig;
  }
}
