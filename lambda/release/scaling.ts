import {
  ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';

/** How an endpoint scales. */
export interface ScalingSpecification {
  readonly variantName: string;
  readonly minCapacity: number;
  readonly maxCapacity: number;
  /** Requests a minute for each instance. */
  readonly invocationsPerInstance: number;
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
    await this.client.send(
      new PutScalingPolicyCommand({
        ...this.target,
        PolicyName: `${this.endpointName}-invocations`,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: specification.invocationsPerInstance,
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
          ScaleOutCooldown: specification.scaleOutCooldownSeconds,
          ScaleInCooldown: specification.scaleInCooldownSeconds,
        },
      }),
    );
  }

  /** Takes the registration away, and its policies with it; one that is not there is no error. */
  async deregister(): Promise<void> {
    try {
      await this.client.send(new DeregisterScalableTargetCommand(this.target));
    } catch (error) {
      if ((error as Error).name !== 'ObjectNotFoundException') throw error;
    }
  }

  private get target() {
    return {
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${this.endpointName}/variant/${this.specification.variantName}`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    } as const;
  }
}
