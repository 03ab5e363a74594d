import type {
  PutScalingPolicyCommandInput,
  RegisterScalableTargetCommandInput,
} from '@aws-sdk/client-application-auto-scaling';
import { ApiError, validationError } from '../api/api-error';
import { Operation, operation } from '../api/operation';
import { integer, list, number, oneOf, string, structure } from '../api/shapes';
import { InferenceComponents } from '../components/inference-components';
import { Context, now } from '../system/context';
import { Endpoints } from './endpoints';
import { ScalableTargetRecord } from './records';

const NAMESPACE = oneOf('sagemaker');
const OF_INSTANCES = 'sagemaker:variant:DesiredInstanceCount';
const OF_COPIES = 'sagemaker:inference-component:DesiredCopyCount';
const DIMENSION = oneOf(OF_INSTANCES, OF_COPIES);
const TARGET = { 'ServiceNamespace!': NAMESPACE, 'ResourceId!': string(1, 1600), 'ScalableDimension!': DIMENSION };

const COMPONENTS = 'inference-component/';

/** What has a number, and how it is set. */
interface Scaled {
  readonly count: number;
  readonly set: (count: number) => void;
}

/** A request that names one target. */
interface Named {
  readonly ResourceId: string;
}

/**
 * As much of Application Auto Scaling as endpoints and inference components need, at the address of the local SageMaker:
 * registrations and their policies. Limits hold at once. Every instance and every copy here is the same process, so nothing
 * scales with the requests but from none to one.
 */
export class ScalableTargets {
  readonly operations: Readonly<Record<string, Operation>> = {
    RegisterScalableTarget: operation(
      structure({ ...TARGET, MinCapacity: integer(0), MaxCapacity: integer(0), RoleARN: string(1, 1600) }),
      (request: RegisterScalableTargetCommandInput) => this.register(request),
    ),
    DeregisterScalableTarget: operation(structure(TARGET), (request: Named) => this.deregister(request.ResourceId)),
    DescribeScalableTargets: operation(
      structure({ 'ServiceNamespace!': NAMESPACE, ResourceIds: list(string(1, 1600), 0, 50) }),
      (request: { ResourceIds?: string[] }) => ({ ScalableTargets: this.find(request.ResourceIds).map(describe) }),
    ),
    PutScalingPolicy: operation(
      structure({
        ...TARGET,
        'PolicyName!': string(1, 256),
        PolicyType: oneOf('StepScaling', 'TargetTrackingScaling'),
        StepScalingPolicyConfiguration: structure({
          AdjustmentType: oneOf('ChangeInCapacity', 'PercentChangeInCapacity', 'ExactCapacity'),
          MetricAggregationType: oneOf('Average', 'Minimum', 'Maximum'),
          Cooldown: integer(0),
          StepAdjustments: list(
            structure({
              MetricIntervalLowerBound: number(),
              MetricIntervalUpperBound: number(),
              'ScalingAdjustment!': integer(),
            }),
            0,
          ),
        }),
        TargetTrackingScalingPolicyConfiguration: structure({
          'TargetValue!': number(0),
          ScaleOutCooldown: integer(0),
          ScaleInCooldown: integer(0),
        }),
      }),
      (request: PutScalingPolicyCommandInput) => this.putPolicy(request),
    ),
    DescribeScalingPolicies: operation(
      structure({ 'ServiceNamespace!': NAMESPACE, ResourceId: string(1, 1600) }),
      (request: { ResourceId?: string }) => ({
        ScalingPolicies: this.find(request.ResourceId === undefined ? undefined : [request.ResourceId]).flatMap(
          (target) => Object.values(target.policies),
        ),
      }),
    ),
  };

  constructor(
    private readonly context: Context,
    private readonly endpoints: Endpoints,
    private readonly components: InferenceComponents,
  ) {}

  /**
   * What the alarm on requests without an instance, or without a copy, does: one more, if a step policy says so.
   *
   * @param of `endpoint/<name>` or `inference-component/<name>`
   */
  wake(of: string): void {
    for (const target of Object.values(this.context.state.scalableTargets)) {
      if (!`${target.id}/`.startsWith(`${of}/`)) continue;
      const { count, set } = this.scaled(target.id);
      const hasSteps = Object.values(target.policies).some((policy) => 'StepScalingPolicyConfiguration' in policy);
      if (count > 0 || !hasSteps) continue;
      set(Math.min(1, target.max));
    }
  }

  private register(request: RegisterScalableTargetCommandInput): object {
    const id = request.ResourceId!;
    if (request.ScalableDimension !== dimensionOf(id))
      throw validationError(`Unsupported scalable dimension ${request.ScalableDimension} for resource ID: ${id}`);
    const { count, set } = this.scaled(id);
    const present = this.context.state.scalableTargets[id];
    const min = request.MinCapacity ?? present?.min;
    const max = request.MaxCapacity ?? present?.max;
    if (min === undefined || max === undefined || min > max) {
      throw validationError(`Minimum capacity cannot be greater than maximum capacity, received: ${min} and ${max}`);
    }
    this.context.state.scalableTargets[id] = {
      id,
      min,
      max,
      created: present?.created ?? now(),
      policies: present?.policies ?? {},
    };
    const within = Math.min(max, Math.max(min, count));
    if (within !== count) set(within);
    this.context.save();
    return { ScalableTargetARN: this.context.arn('scalable-target', id) };
  }

  private deregister(id: string): object {
    this.require(id);
    delete this.context.state.scalableTargets[id];
    this.context.save();
    return {};
  }

  private putPolicy(request: PutScalingPolicyCommandInput): object {
    const target = this.require(request.ResourceId!);
    const PolicyARN = this.context.arn('scaling-policy', `${target.id}/${request.PolicyName}`);
    target.policies[request.PolicyName!] = { ...request, PolicyARN };
    this.context.save();
    return { PolicyARN, Alarms: [] };
  }

  private find(ids: readonly string[] | undefined): ScalableTargetRecord[] {
    return Object.values(this.context.state.scalableTargets).filter(({ id }) => ids?.includes(id) ?? true);
  }

  private require(id: string): ScalableTargetRecord {
    const target = this.context.state.scalableTargets[id];
    if (target !== undefined) return target;
    throw new ApiError('ObjectNotFoundException', `No scalable target registered for resource ID: ${id}`);
  }

  /** The instances of an endpoint's variant that is there, or the copies of a component that is. */
  private scaled(id: string): Scaled {
    if (dimensionOf(id) === OF_COPIES) {
      const component = id.slice(COMPONENTS.length);
      const count = this.components.countOf(component);
      if (count === undefined) throw validationError(`The SageMaker inference component does not exist: ${id}`);
      return { count, set: (next) => this.components.setCount(component, next) };
    }
    const [, name, variant] = /^endpoint\/([^/]+)\/variant\/([^/]+)$/.exec(id) ?? [];
    const endpoint = name === undefined ? undefined : this.context.state.endpoints[name];
    const found = endpoint?.fleet?.variants.find((entry) => entry.variant.VariantName === variant)?.variant;
    if (endpoint === undefined || found === undefined)
      throw validationError(`The SageMaker variant does not exist: ${id}`);
    return {
      count: endpoint.capacities[variant]?.count ?? found.InitialInstanceCount ?? 1,
      set: (next) => this.endpoints.setCount(name, variant, next),
    };
  }
}

function describe({ id, min, max, created }: ScalableTargetRecord): object {
  return {
    ServiceNamespace: 'sagemaker',
    ResourceId: id,
    ScalableDimension: dimensionOf(id),
    MinCapacity: min,
    MaxCapacity: max,
    CreationTime: created,
  };
}

function dimensionOf(id: string): string {
  return id.startsWith(COMPONENTS) ? OF_COPIES : OF_INSTANCES;
}
