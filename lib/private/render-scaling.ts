import { Duration } from 'aws-cdk-lib';
import { EndpointScaling } from '../endpoint-scaling';

/** How instances scale, as a ScalingSpecification. */
export function renderScaling(scaling: EndpointScaling, variantName: string): Record<string, unknown> {
  const fiveMinutes = Duration.minutes(5);
  const { invocationsPerInstance, backlogPerInstance } = scaling;
  return {
    variantName,
    minCapacity: scaling.minInstanceCount ?? 1,
    maxCapacity: scaling.maxInstanceCount,
    ...(invocationsPerInstance === undefined ? { backlogPerInstance } : { invocationsPerInstance }),
    scaleOutCooldownSeconds: (scaling.scaleOutCooldown ?? fiveMinutes).toSeconds(),
    scaleInCooldownSeconds: (scaling.scaleInCooldown ?? fiveMinutes).toSeconds(),
  };
}
