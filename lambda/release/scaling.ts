import {
  ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, DeleteAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';

/** How an endpoint scales. */
export interface ScalingSpecification {
  readonly variantName: string;
  readonly minCapacity: number;
  readonly maxCapacity: number;
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

  /** Registers the endpoint, or brings its registration up to date. */
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
    const { invocationsPerInstance, backlogPerInstance, scaleInCooldownSeconds, scaleOutCooldownSeconds } =
      this.specification;
    const isAsync = invocationsPerInstance === undefined;
    await this.client.send(
      new PutScalingPolicyCommand({
        ...this.target,
        PolicyName: `${this.endpointName}-${isAsync ? 'backlog' : 'invocations'}`,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: isAsync ? backlogPerInstance : invocationsPerInstance,
          ...(isAsync
            ? { CustomizedMetricSpecification: this.ofEndpoint('ApproximateBacklogSizePerInstance', 'Average') }
            : { PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' } }),
          ScaleOutCooldown: scaleOutCooldownSeconds,
          ScaleInCooldown: scaleInCooldownSeconds,
        },
      }),
    );
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
        AlarmDescription: `Requests wait for the endpoint ${this.endpointName}, which has no instance`,
        AlarmActions: [PolicyARN!],
        ...this.ofEndpoint('HasBacklogWithoutCapacity', 'Average'),
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        Period: 60,
        EvaluationPeriods: 2,
        DatapointsToAlarm: 2,
        TreatMissingData: 'missing',
      }),
    );
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
    return {
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${this.endpointName}/variant/${this.specification.variantName}`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    } as const;
  }
}
