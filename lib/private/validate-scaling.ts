import { EndpointSpecification } from '../endpoint-specification';
import { ensure, requireDuration, requireWhole } from './validate';

/** Checks how an endpoint is to scale. */
export function validateScaling({ scaling, instanceCount }: EndpointSpecification): void {
  if (scaling === undefined) return;
  const { minInstanceCount = 1, maxInstanceCount } = scaling;
  requireWhole(minInstanceCount, 'scaling.minInstanceCount', 1, 10000);
  requireWhole(maxInstanceCount, 'scaling.maxInstanceCount', 1, 10000);
  requireDuration(scaling.scaleOutCooldown, 'scaling.scaleOutCooldown', 0, 3600);
  requireDuration(scaling.scaleInCooldown, 'scaling.scaleInCooldown', 0, 3600);
  ensure(
    minInstanceCount <= maxInstanceCount,
    `scaling.minInstanceCount (${minInstanceCount}) must not exceed scaling.maxInstanceCount (${maxInstanceCount})`,
  );
  ensure(
    scaling.invocationsPerInstance > 0,
    `scaling.invocationsPerInstance must be more than 0, received: ${scaling.invocationsPerInstance}`,
  );
  ensure(
    instanceCount === undefined || (instanceCount >= minInstanceCount && instanceCount <= maxInstanceCount),
    `instanceCount (${instanceCount}) must be from scaling.minInstanceCount (${minInstanceCount}) to scaling.maxInstanceCount (${maxInstanceCount})`,
  );
}
