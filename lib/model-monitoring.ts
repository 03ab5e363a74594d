import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmBase,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  GraphWidgetProps,
  IAlarm,
  IMetric,
  IWidget,
  PeriodOverride,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { EvaluatedModel } from './build-metrics';
import { IModelMonitoring, ModelMonitoringAttributes } from './model-monitoring-reference';
import { ModelPipeline } from './model-pipeline';

/** What `ModelMonitoring` watches. */
export interface ModelMonitoringProps {
  /** The pipeline whose endpoint and builds are watched. */
  readonly pipeline: ModelPipeline;
  /**
   * Name of the dashboard.
   *
   * @default - made by CloudFormation
   */
  readonly dashboardName?: string;
  /**
   * Where the endpoint's alarms are told. An encrypted topic's key must let CloudWatch use it; a key of the same app gets
   * that statement.
   *
   * @default - the topic of `pipeline.notifications`
   */
  readonly alarmTopic?: ITopic;
}

const HALF = 12;
const THIRD = 8;

/** A build tells its numbers once; an hour holds the builds that belong together. */
const OF_BUILDS = { period: Duration.hours(1) };

/**
 * A CloudWatch dashboard of a pipeline: its endpoint's requests, latency, errors and use of instances, and each build's
 * size, error and evaluation; and people hear of the endpoint's alarms.
 *
 * @example
 * new ModelMonitoring(this, 'Monitoring', { pipeline });
 */
export class ModelMonitoring extends Construct implements IModelMonitoring {
  /** Refers to monitoring that exists. */
  public static fromModelMonitoringAttributes(
    scope: Construct,
    id: string,
    attributes: ModelMonitoringAttributes,
  ): IModelMonitoring {
    class Import extends Construct implements IModelMonitoring {
      public readonly dashboardName = attributes.dashboardName;
      public readonly alarmTopic = Topic.fromTopicArn(this, 'Topic', attributes.alarmTopicArn);
      public readonly alarms: IAlarm[] = (attributes.alarmArns ?? []).map((arn, index) =>
        Alarm.fromAlarmArn(this, `Alarm${index}`, arn),
      );

      public addAlarm(alarm: AlarmBase): void {
        tell(alarm, this.alarmTopic);
      }
    }
    return new Import(scope, id);
  }

  /** The dashboard, for widgets of your own. */
  public readonly dashboard: Dashboard;
  public readonly dashboardName: string;
  public readonly alarmTopic: ITopic;
  public readonly alarms: IAlarm[];

  constructor(scope: Construct, id: string, props: ModelMonitoringProps) {
    super(scope, id);
    const { pipeline } = props;
    this.dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: props.dashboardName,
      periodOverride: PeriodOverride.AUTO,
      widgets: [requests(pipeline), instances(pipeline), builds(pipeline), machines(pipeline)],
    });
    this.dashboardName = this.dashboard.dashboardName;
    this.alarmTopic = props.alarmTopic ?? pipeline.notifications.topic;
    this.alarms = pipeline.endpointAlarms.alarms;
    pipeline.endpointAlarms.alarms.forEach((alarm) => this.addAlarm(alarm));
    this.allowCloudWatch();
  }

  /** Tells people of an alarm as of those of the endpoint: when it goes off, and when it is over. */
  public addAlarm(alarm: AlarmBase): void {
    tell(alarm, this.alarmTopic);
  }

  private allowCloudWatch(): void {
    this.alarmTopic.masterKey?.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}

function tell(alarm: AlarmBase, topic: ITopic): void {
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
}

function requests({ endpointMetrics: metrics, endpointAlarms, _hasComponent }: ModelPipeline): IWidget[] {
  return [
    graph('Requests', THIRD, [metrics.metricInvocations({ label: 'requests' })]),
    graph('Latency in microseconds', THIRD, [
      metrics.metricModelLatency({ statistic: 'p50', label: 'model p50' }),
      metrics.metricModelLatency({ label: 'model p99' }),
      metrics.metricOverheadLatency({ label: 'overhead p99' }),
    ]),
    graph('Errors', THIRD, [
      metrics.metricInvocation5XXErrors({ label: 'of the endpoint (5XX)' }),
      metrics.metricInvocation4XXErrors({ label: 'of callers (4XX)' }),
      ...(_hasComponent ? [metrics.metricNoCapacityInvocationFailures({ label: 'without a copy' })] : []),
    ]),
    new AlarmStatusWidget({ title: 'Alarms', alarms: endpointAlarms.alarms, width: 2 * HALF, height: 2 }),
  ];
}

function instances({ endpointMetrics: metrics }: ModelPipeline): IWidget[] {
  return [
    graph('Use of CPU and memory in percent', HALF, [
      metrics.metricCpuUtilization({ label: 'CPU' }),
      metrics.metricMemoryUtilization({ label: 'memory' }),
      metrics.metricDiskUtilization({ label: 'disk' }),
    ]),
    graph('Use of GPU and its memory in percent', HALF, [
      metrics.metricGpuUtilization({ label: 'GPU' }),
      metrics.metricGpuMemoryUtilization({ label: 'GPU memory' }),
    ]),
  ];
}

function builds({ buildMetrics: metrics, evaluation }: ModelPipeline): IWidget[] {
  const evaluated = evaluation?.metricNames ?? [];
  return [
    graph('Size of builds in bytes', THIRD, [
      metrics.metricSourceSize({ ...OF_BUILDS, label: 'before compression' }),
      metrics.metricCompressedSize({ ...OF_BUILDS, label: 'after' }),
    ]),
    graph('Error and sparsity of builds', THIRD, [
      metrics.metricRelativeError({ ...OF_BUILDS, label: 'relative error' }),
      metrics.metricSparsity({ ...OF_BUILDS, label: 'sparsity' }),
    ]),
    ...evaluated.map((name) =>
      graph(`${name} of builds`, THIRD, [
        metrics.metricEvaluation(name, EvaluatedModel.RAW, { ...OF_BUILDS, label: 'before compression' }),
        metrics.metricEvaluation(name, EvaluatedModel.COMPRESSED, { ...OF_BUILDS, label: 'after' }),
      ]),
    ),
  ];
}

function machines({ buildMachine, releaseMachine }: ModelPipeline): IWidget[] {
  const ends = (what: string, machine: IStateMachine): IWidget =>
    graph(what, HALF, [
      machine.metricSucceeded({ label: 'succeeded' }),
      machine.metricFailed({ label: 'failed' }),
      machine.metricTimedOut({ label: 'timed out' }),
      machine.metricAborted({ label: 'stopped' }),
    ]);
  return [ends('Builds', buildMachine), ends('Releases', releaseMachine)];
}

function graph(title: string, width: number, left: IMetric[]): IWidget {
  const props: GraphWidgetProps = { title, width, height: 6, left, leftYAxis: { min: 0 } };
  return new GraphWidget(props);
}
