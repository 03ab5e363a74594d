import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { EndpointMetrics } from './endpoint-metrics';
import { acknowledge } from './private/acknowledge';
import { ensure, requireDuration, requireWhole } from './private/validate';

/** When an endpoint is not what it should be. */
export interface EndpointAlarmOptions {
  /**
   * Share of the requests of a minute that the endpoint may fail on (5XX), 0 to below 1.
   *
   * @default 0.01
   */
  readonly maxServerErrorShare?: number;
  /**
   * Share of the requests of a minute that may be the caller's fault (4XX), 0 to below 1. A model that refuses what the
   * one before took shows here; so do callers that are wrong for themselves.
   *
   * @default - no such alarm
   */
  readonly maxClientErrorShare?: number;
  /**
   * How long the container may take for 99 of 100 requests of a minute, up to 1 hour.
   *
   * @default - 30 seconds; 15 minutes in a pipeline whose endpoint has `asyncInference`
   */
  readonly maxModelLatency?: Duration;
  /**
   * In how many minutes in a row it must be so, 1 to 60.
   *
   * @default 1
   */
  readonly evaluationPeriods?: number;
}

/** Whose alarms `EndpointAlarms` are. */
export interface EndpointAlarmsProps extends EndpointAlarmOptions {
  /** Name of the endpoint. */
  readonly endpointName: string;
  /**
   * Name of its variant.
   *
   * @default - `main`, which pipelines use
   */
  readonly variantName?: string;
  /**
   * Name of the inference component that runs the model on the endpoint.
   *
   * @default - none does
   */
  readonly inferenceComponentName?: string;
}

/**
 * Alarms on what an endpoint's callers notice. A minute without requests is a good one. A pipeline makes them by itself,
 * and rolls an update back when one of them goes off.
 *
 * @example
 * new EndpointAlarms(this, 'Alarms', { endpointName: 'digits', maxModelLatency: Duration.seconds(1) });
 */
export class EndpointAlarms extends Construct {
  /** Too many requests that the endpoint failed on. */
  public readonly serverErrors: Alarm;
  /** Answers that take too long. */
  public readonly modelLatency: Alarm;
  /** Too many requests that were refused, where that is asked for. */
  public readonly clientErrors?: Alarm;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: EndpointAlarmsProps,
  ) {
    super(scope, id);
    requireShare(props.maxServerErrorShare, 'maxServerErrorShare');
    requireShare(props.maxClientErrorShare, 'maxClientErrorShare');
    requireDuration(props.maxModelLatency, 'maxModelLatency', 1, 3600);
    requireWhole(props.evaluationPeriods, 'evaluationPeriods', 1, 60);
    const metrics = new EndpointMetrics(props);
    const average = { statistic: Stats.AVERAGE, period: Duration.minutes(1) };
    this.serverErrors = this.alarm(
      'ServerErrors',
      'fails on too many requests (5XX)',
      metrics.metricInvocation5XXErrors(average),
      props.maxServerErrorShare ?? 0.01,
    );
    this.modelLatency = this.alarm(
      'ModelLatency',
      'takes too long for too many requests (p99, microseconds)',
      metrics.metricModelLatency({ period: Duration.minutes(1) }),
      (props.maxModelLatency ?? Duration.seconds(30)).toMilliseconds() * 1000,
    );
    if (props.maxClientErrorShare === undefined) return;
    this.clientErrors = this.alarm(
      'ClientErrors',
      'refuses too many requests (4XX)',
      metrics.metricInvocation4XXErrors(average),
      props.maxClientErrorShare,
    );
  }

  /** All of them. */
  public get alarms(): Alarm[] {
    return [this.serverErrors, this.modelLatency, ...(this.clientErrors === undefined ? [] : [this.clientErrors])];
  }

  private alarm(id: string, what: string, metric: IMetric, threshold: number): Alarm {
    const alarm = new Alarm(this, id, {
      alarmDescription: `The endpoint ${this.props.endpointName} ${what}`,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: this.props.evaluationPeriods ?? 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    acknowledge(alarm, {
      'NIST.800.53.R5-CloudWatchAlarmAction':
        'SageMaker itself watches the alarm while it updates the endpoint; whoever wants to hear of it adds an action.',
    });
    return alarm;
  }
}

function requireShare(value: number | undefined, name: string): void {
  ensure(value === undefined || (value >= 0 && value < 1), `${name} must be from 0 to below 1, received: ${value}`);
}
