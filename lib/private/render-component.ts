import { Duration } from 'aws-cdk-lib';
import { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { EndpointSpecification } from '../endpoint-specification';
import { EndpointUpdatePolicy } from '../endpoint-update-policy';
import { InferenceComponentOptions } from '../inference-component-options';
import { withoutGaps } from './without-gaps';

/** How many copies there may be, and how many instances for them. */
export interface Counts {
  readonly minCopies: number;
  readonly maxCopies: number;
  readonly minInstances: number;
  readonly maxInstances: number;
}

export function countsOf(component: InferenceComponentOptions): Counts {
  const { minCopyCount: minCopies = 1, maxCopyCount: maxCopies = Math.max(1, minCopies) } = component;
  const { minInstanceCount: minInstances = Math.min(1, minCopies) } = component;
  const { maxInstanceCount: maxInstances = Math.max(1, minInstances, Math.ceil(1.5 * maxCopies)) } = component;
  return { minCopies, maxCopies, minInstances, maxInstances };
}

/** The ComponentSpecification of the functions that release. */
export function renderComponent(
  component: InferenceComponentOptions,
  spec: EndpointSpecification,
  policy: EndpointUpdatePolicy,
  alarms: IAlarm[],
): Record<string, unknown> {
  const startup = withoutGaps({
    ContainerStartupHealthCheckTimeoutInSeconds: spec.startupTimeout?.toSeconds(),
    ModelDataDownloadTimeoutInSeconds: spec.downloadTimeout?.toSeconds(),
  });
  return withoutGaps({
    computeResourceRequirements: withoutGaps({
      MinMemoryRequiredInMb: component.minMemoryRequiredInMb,
      MaxMemoryRequiredInMb: component.maxMemoryRequiredInMb,
      NumberOfCpuCoresRequired: component.numberOfCpuCoresRequired,
      NumberOfAcceleratorDevicesRequired: component.numberOfAcceleratorDevicesRequired,
    }),
    startupParameters: Object.keys(startup).length === 0 ? undefined : startup,
    copyCount: Math.max(1, countsOf(component).minCopies),
    deploymentConfig: ofCopies(policy._render(alarms)),
  });
}

/** How copies scale, as a ScalingSpecification; undefined where their number stays. */
export function renderCopyScaling(
  component: InferenceComponentOptions,
  inferenceComponentName: string,
): Record<string, unknown> | undefined {
  const { minCopies, maxCopies } = countsOf(component);
  if (minCopies === maxCopies) return undefined;
  const fiveMinutes = Duration.minutes(5);
  return {
    inferenceComponentName,
    minCapacity: minCopies,
    maxCapacity: maxCopies,
    invocationsPerCopy: component.invocationsPerCopy,
    scaleOutCooldownSeconds: (component.scaleOutCooldown ?? fiveMinutes).toSeconds(),
    scaleInCooldownSeconds: (component.scaleInCooldown ?? fiveMinutes).toSeconds(),
  };
}

/** Further fields of a variant that holds copies, in the shape of the SageMaker API. */
export function renderManagedInstances(component: InferenceComponentOptions): Record<string, unknown> {
  const { minInstances, maxInstances } = countsOf(component);
  return {
    ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: minInstances, MaxInstanceCount: maxInstances },
    RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  };
}

/** What SageMaker calls an instance where an endpoint is updated, it calls a copy where a component is. */
function ofCopies(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === 'INSTANCE_COUNT' ? 'COPY_COUNT' : value;
  if (Array.isArray(value)) return value.map(ofCopies);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, ofCopies(entry)]));
}
