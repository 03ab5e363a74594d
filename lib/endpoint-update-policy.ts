import { Duration } from 'aws-cdk-lib';
import { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CapacitySize } from './capacity-size';
import {
  AllAtOnceOptions,
  CanaryOptions,
  EndpointUpdateOptions,
  LinearOptions,
  RollingOptions,
} from './endpoint-update-options';
import { ensure, requireDuration } from './private/validate';

/** A part of the fleet that a policy moves at a time, with SageMaker's limits in percent. */
interface Part {
  readonly name: string;
  readonly size: CapacitySize;
  readonly lowest: number;
  readonly highest: number;
}

const FIVE_MINUTES = Duration.minutes(5);

/** How an endpoint changes from one model to the next. */
export class EndpointUpdatePolicy {
  /** A new fleet takes over all traffic once it is healthy. */
  public static allAtOnce(options: AllAtOnceOptions = {}): EndpointUpdatePolicy {
    return EndpointUpdatePolicy.blueGreen('ALL_AT_ONCE', options, Duration.seconds(0));
  }

  /** A new fleet takes a small part of the traffic, then all of it. Needs two instances or more. */
  public static canary(options: CanaryOptions = {}): EndpointUpdatePolicy {
    const size = options.canarySize ?? CapacitySize.percent(10);
    const part = { name: 'canarySize', size, lowest: 0, highest: 50 };
    return EndpointUpdatePolicy.blueGreen('CANARY', options, options.waitInterval ?? FIVE_MINUTES, part, 'CanarySize');
  }

  /** A new fleet takes the traffic in equal steps. Needs two instances or more. */
  public static linear(options: LinearOptions = {}): EndpointUpdatePolicy {
    const size = options.linearStepSize ?? CapacitySize.percent(25);
    const part = { name: 'linearStepSize', size, lowest: 10, highest: 50 };
    const wait = options.waitInterval ?? FIVE_MINUTES;
    return EndpointUpdatePolicy.blueGreen('LINEAR', options, wait, part, 'LinearStepSize');
  }

  /** Instances are replaced batch by batch, with no second fleet. Needs two instances or more. */
  public static rolling(options: RollingOptions = {}): EndpointUpdatePolicy {
    const size = options.maximumBatchSize ?? CapacitySize.percent(50);
    const rollback = options.rollbackMaximumBatchSize;
    const wait = options.waitInterval ?? FIVE_MINUTES;
    requireDuration(wait, 'waitInterval', 0, 3600);
    const limit = limitOf(options, wait);
    const policy = {
      RollingUpdatePolicy: {
        MaximumBatchSize: size._render(),
        WaitIntervalInSeconds: wait.toSeconds(),
        MaximumExecutionTimeoutInSeconds: limit.toSeconds(),
        ...(rollback === undefined ? {} : { RollbackMaximumBatchSize: rollback._render() }),
      },
    };
    const parts: Part[] = [{ name: 'maximumBatchSize', size, lowest: 5, highest: 50 }];
    if (rollback !== undefined)
      parts.push({ name: 'rollbackMaximumBatchSize', size: rollback, lowest: 5, highest: 100 });
    return new EndpointUpdatePolicy('ROLLING', limit, policy, options.alarms ?? [], parts);
  }

  private static blueGreen(
    type: string,
    options: AllAtOnceOptions,
    interval: Duration,
    part?: Part,
    field?: string,
  ): EndpointUpdatePolicy {
    const termination = options.terminationWait ?? FIVE_MINUTES;
    requireDuration(interval, 'waitInterval', 0, 3600);
    requireDuration(termination, 'terminationWait', 0, 3600);
    const limit = limitOf(options, interval.plus(termination));
    const policy = {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: type,
          WaitIntervalInSeconds: interval.toSeconds(),
          ...(part === undefined ? {} : { [field!]: part.size._render() }),
        },
        TerminationWaitInSeconds: termination.toSeconds(),
        MaximumExecutionTimeoutInSeconds: limit.toSeconds(),
      },
    };
    return new EndpointUpdatePolicy(type, limit, policy, options.alarms ?? [], part === undefined ? [] : [part]);
  }

  private constructor(
    private readonly type: string,
    private readonly limit: Duration,
    private readonly policy: Record<string, unknown>,
    private readonly own: IAlarm[],
    private readonly parts: Part[],
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
   * Its own alarms.
   *
   * @internal
   */
  public _alarms(): IAlarm[] {
    return this.own;
  }

  /**
   * Whether instances are replaced without a second fleet.
   *
   * @internal
   */
  public _isRolling(): boolean {
    return this.type === 'ROLLING';
  }

  /**
   * Whether the traffic moves in parts.
   *
   * @internal
   */
  public _movesParts(): boolean {
    return this.parts.length > 0;
  }

  /**
   * Refuses a policy that so many instances cannot follow.
   *
   * @internal
   */
  public _requireInstances(instances: number): void {
    if (this.parts.length === 0) return;
    ensure(
      instances >= 2,
      `an update policy of type ${this.type} needs two instances or more, or SageMaker cannot divide them; received: ${instances}. ` +
        'Raise instanceCount (or the least of scaling), or take EndpointUpdatePolicy.allAtOnce()',
    );
    for (const { name, size, lowest, highest } of this.parts) size._require(name, instances, lowest, highest);
  }

  /**
   * As `DeploymentConfig` of the SageMaker API.
   *
   * @param alarms Alarms that roll back besides the policy's own.
   * @internal
   */
  public _render(alarms: IAlarm[] = []): Record<string, unknown> {
    const all = [...this.own, ...alarms];
    ensure(all.length <= 10, `an update can be rolled back by at most 10 alarms, received: ${all.length}`);
    return {
      ...this.policy,
      ...(all.length === 0
        ? {}
        : { AutoRollbackConfiguration: { Alarms: all.map((alarm) => ({ AlarmName: alarm.alarmName })) } }),
    };
  }
}

function limitOf({ maximumExecutionTimeout }: EndpointUpdateOptions, waits: Duration): Duration {
  const limit =
    maximumExecutionTimeout ?? Duration.hours(Math.max(1, Math.ceil(waits.toHours({ integral: false }) * 1.5)));
  requireDuration(limit, 'maximumExecutionTimeout', 600, 28800);
  ensure(
    limit.toSeconds() > waits.toSeconds(),
    `maximumExecutionTimeout (${limit.toSeconds()} s) must exceed the waits of the update (${waits.toSeconds()} s)`,
  );
  return limit;
}
