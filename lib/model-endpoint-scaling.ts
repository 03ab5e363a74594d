import { Duration, Stack } from 'aws-cdk-lib';
import {
  PredefinedMetric,
  ScalableTarget,
  ScalingSchedule,
  ServiceNamespace,
  TargetTrackingScalingPolicy,
} from 'aws-cdk-lib/aws-applicationautoscaling';
import { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ensure, requireWhole } from './private/validate';

/** How far an endpoint scales. */
export interface ModelEndpointScalingOptions {
  /** The most instances. */
  readonly maxInstanceCount: number;
  /**
   * The fewest instances.
   *
   * @default 1
   */
  readonly minInstanceCount?: number;
}

/** What a `ModelEndpointScaling` scales. */
export interface ModelEndpointScalingProps extends ModelEndpointScalingOptions {
  /** Name of the endpoint. */
  readonly endpointName: string;
  /** Name of its variant. */
  readonly variantName: string;
}

/** How long scaling waits before it acts again. */
export interface ScalingCooldowns {
  /**
   * After adding instances.
   *
   * @default Duration.minutes(5)
   */
  readonly scaleOutCooldown?: Duration;
  /**
   * After removing instances.
   *
   * @default Duration.minutes(5)
   */
  readonly scaleInCooldown?: Duration;
}

/** Scales the instances of an endpoint. Got by `ModelEndpoint.autoScale()`. */
export class ModelEndpointScaling extends Construct {
  private readonly target: ScalableTarget;

  constructor(scope: Construct, id: string, props: ModelEndpointScalingProps) {
    super(scope, id);
    const { maxInstanceCount, minInstanceCount = 1 } = props;
    requireWhole(maxInstanceCount, 'maxInstanceCount', 1, 10000);
    requireWhole(minInstanceCount, 'minInstanceCount', 1, 10000);
    ensure(
      minInstanceCount <= maxInstanceCount,
      `minInstanceCount (${minInstanceCount}) must not exceed maxInstanceCount (${maxInstanceCount})`,
    );
    this.target = new ScalableTarget(this, 'Target', {
      serviceNamespace: ServiceNamespace.SAGEMAKER,
      resourceId: `endpoint/${props.endpointName}/variant/${props.variantName}`,
      scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      minCapacity: minInstanceCount,
      maxCapacity: maxInstanceCount,
      role: Role.fromRoleArn(this, 'Role', this.serviceRole()),
    });
  }

  /**
   * Keeps the requests of each instance at a number.
   *
   * @param requestsPerMinute For each instance. Measure what one instance does, and take some seventy percent of it.
   */
  public scaleOnInvocations(id: string, requestsPerMinute: number, cooldowns: ScalingCooldowns = {}): void {
    new TargetTrackingScalingPolicy(this, id, {
      ...withDefaults(cooldowns),
      scalingTarget: this.target,
      targetValue: requestsPerMinute,
      predefinedMetric: PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE,
    });
  }

  /** Keeps a metric, such as the use of the GPUs, at a number. */
  public scaleToTrackMetric(id: string, metric: IMetric, targetValue: number, cooldowns: ScalingCooldowns = {}): void {
    new TargetTrackingScalingPolicy(this, id, {
      ...withDefaults(cooldowns),
      scalingTarget: this.target,
      targetValue,
      customMetric: metric,
    });
  }

  /** Changes the limits at given times. */
  public scaleOnSchedule(id: string, schedule: ScalingSchedule): void {
    this.target.scaleOnSchedule(id, schedule);
  }

  /** The role that Application Auto Scaling has for SageMaker in every account; it makes it by itself. */
  private serviceRole(): string {
    return Stack.of(this).formatArn({
      service: 'iam',
      region: '',
      resource: 'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com',
      resourceName: 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
    });
  }
}

function withDefaults(cooldowns: ScalingCooldowns): ScalingCooldowns {
  return { scaleOutCooldown: Duration.minutes(5), scaleInCooldown: Duration.minutes(5), ...cooldowns };
}
