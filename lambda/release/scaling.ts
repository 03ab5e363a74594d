import {
  ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  MetricType,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, DeleteAlarmsCommand, PutMetricAlarmCommand, Statistic } from '@aws-sdk/client-cloudwatch';

/** How an endpoint scales: its instances, or the copies of its inference component. */
export interface ScalingSpecification {
  /** The variant whose instances scale. */
  readonly variantName?: string;
  /** The component whose copies scale. */
  readonly inferenceComponentName?: string;
  readonly minCapacity: number;
  readonly maxCapacity: number;
  /** Requests a minute for each copy of an inference component. */
  readonly invocationsPerCopy?: number;
  /** Requests a minute for each instance; of an endpoint that answers at once. */
  readonly invocationsPerInstance?: number;
  /** Requests that may wait for each instance; of one that answers later. */
  readonly backlogPerInstance?: number;
  readonly scaleOutCooldownSeconds: number;
  readonly scaleInCooldownSeconds: number;
}

/**
 * The registration of an endpoint with Application Auto Scaling. SageMaker refuses to change the instance type of an
 * endpoint that has one, and an endpoint that does not exist cannot have one.
 */
export class Scaling {
  constructor(
    private readonly client: ApplicationAutoScalingClient,
    private readonly cloudWatch: CloudWatchClient,
    private readonly endpointName: string,
    private readonly specification: ScalingSpecification,
  ) {}

  /** Registers the endpoint or its component, or brings its registration up to date. */
  async register(): Promise<void> {
    const { specification } = this;
    await this.client.send(
      new RegisterScalableTargetCommand({
        ...this.target,
        MinCapacity: specification.minCapacity,
        MaxCapacity: specification.maxCapacity,
      }),
    );
    await this.followLoad();
    if (specification.minCapacity === 0) await this.wakeOnRequests();
  }

  private async followLoad(): Promise<void> {
    const { scaleInCooldownSeconds, scaleOutCooldownSeconds } = this.specification;
    const { name, ...load } = this.load();
    await this.client.send(
      new PutScalingPolicyCommand({
        ...this.target,
        PolicyName: `${this.endpointName}-${name}`,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          ...load,
          ScaleOutCooldown: scaleOutCooldownSeconds,
          ScaleInCooldown: scaleInCooldownSeconds,
        },
      }),
    );
  }

  /** What each instance or copy is to get of, and how much. */
  private load() {
    const { backlogPerInstance, invocationsPerCopy, invocationsPerInstance } = this.specification;
    const predefined = (PredefinedMetricType: MetricType) => ({
      PredefinedMetricSpecification: { PredefinedMetricType },
    });
    if (invocationsPerCopy !== undefined) {
      const metric = predefined('SageMakerInferenceComponentInvocationsPerCopy');
      return { name: 'invocations', TargetValue: invocationsPerCopy, ...metric };
    }
    if (invocationsPerInstance !== undefined) {
      const metric = predefined('SageMakerVariantInvocationsPerInstance');
      return { name: 'invocations', TargetValue: invocationsPerInstance, ...metric };
    }
    const metric = this.ofEndpoint('ApproximateBacklogSizePerInstance', 'Average');
    return { name: 'backlog', TargetValue: backlogPerInstance, CustomizedMetricSpecification: metric };
  }

  /** Target tracking divides by the instances, of which there may be none; so the first one comes by an alarm. */
  private async wakeOnRequests(): Promise<void> {
    const { PolicyARN } = await this.client.send(
      new PutScalingPolicyCommand({
        ...this.target,
        PolicyName: this.wakeName,
        PolicyType: 'StepScaling',
        StepScalingPolicyConfiguration: {
          AdjustmentType: 'ChangeInCapacity',
          MetricAggregationType: 'Average',
          Cooldown: this.specification.scaleOutCooldownSeconds,
          StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
        },
      }),
    );
    await this.cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: this.wakeName,
        AlarmActions: [PolicyARN!],
        ...this.withoutCapacity(),
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        Period: 60,
        TreatMissingData: 'missing',
      }),
    );
  }

  /** The sign that a request came and found nothing to answer it. */
  private withoutCapacity() {
    const { inferenceComponentName } = this.specification;
    if (inferenceComponentName !== undefined) {
      return {
        AlarmDescription: `Requests to the endpoint ${this.endpointName} fail, whose inference component has no copy`,
        Namespace: 'AWS/SageMaker',
        MetricName: 'NoCapacityInvocationFailures',
        Dimensions: [{ Name: 'InferenceComponentName', Value: inferenceComponentName }],
        Statistic: Statistic.Sum,
        EvaluationPeriods: 1,
        DatapointsToAlarm: 1,
      };
    }
    return {
      AlarmDescription: `Requests wait for the endpoint ${this.endpointName}, which has no instance`,
      ...this.ofEndpoint('HasBacklogWithoutCapacity', 'Average'),
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
    };
  }

  private ofEndpoint<S extends string>(MetricName: string, Statistic: S) {
    const Dimensions = [{ Name: 'EndpointName', Value: this.endpointName }];
    return { Namespace: 'AWS/SageMaker', MetricName, Dimensions, Statistic };
  }

  private get wakeName(): string {
    return `${this.endpointName}-without-capacity`;
  }

  /** Takes the registration away, and its policies with it; one that is not there is no error. */
  async deregister(): Promise<void> {
    try {
      await this.client.send(new DeregisterScalableTargetCommand(this.target));
    } catch (error) {
      if ((error as Error).name !== 'ObjectNotFoundException') throw error;
    }
    if (this.specification.minCapacity === 0)
      await this.cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [this.wakeName] }));
  }

  private get target() {
    const { inferenceComponentName, variantName } = this.specification;
    if (inferenceComponentName !== undefined) {
      return {
        ServiceNamespace: 'sagemaker',
        ResourceId: `inference-component/${inferenceComponentName}`,
        ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
      } as const;
    }
    return {
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${this.endpointName}/variant/${variantName}`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    } as const;
  }
}
