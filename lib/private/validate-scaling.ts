import { EndpointSpecification } from '../endpoint-specification';
import { ensure, requireDuration, requireWhole } from './validate';

/** Checks how an endpoint is to scale. */
export function validateScaling({ scaling, instanceCount, asyncInference }: EndpointSpecification): void {
  if (scaling === undefined) return;
  const isAsync = asyncInference !== undefined;
  const { minInstanceCount = 1, maxInstanceCount } = scaling;
  ensure(
    minInstanceCount !== 0 || isAsync,
    'scaling.minInstanceCount can be 0 only with asyncInference, where requests wait for an instance; an endpoint that answers at once would fail them',
  );
  requireWhole(minInstanceCount, 'scaling.minInstanceCount', 0, 10000);
  requireWhole(maxInstanceCount, 'scaling.maxInstanceCount', 1, 10000);
  requireDuration(scaling.scaleOutCooldown, 'scaling.scaleOutCooldown', 0, 3600);
  requireDuration(scaling.scaleInCooldown, 'scaling.scaleInCooldown', 0, 3600);
  ensure(
    minInstanceCount <= maxInstanceCount,
    `scaling.minInstanceCount (${minInstanceCount}) must not exceed scaling.maxInstanceCount (${maxInstanceCount})`,
  );
  const [wanted, other] = isAsync
    ? (['backlogPerInstance', 'invocationsPerInstance'] as const)
    : (['invocationsPerInstance', 'backlogPerInstance'] as const);
  ensure(
    scaling[other] === undefined,
    `scaling.${other} is for endpoints ${isAsync ? 'without' : 'with'} asyncInference; give scaling.${wanted} instead`,
  );
  ensure((scaling[wanted] ?? 0) > 0, `scaling.${wanted} must be given, and more than 0, received: ${scaling[wanted]}`);
  ensure(
    instanceCount === undefined ||
      (instanceCount >= Math.max(1, minInstanceCount) && instanceCount <= maxInstanceCount),
    `instanceCount (${instanceCount}) must be from scaling.minInstanceCount (${minInstanceCount}) to scaling.maxInstanceCount (${maxInstanceCount})`,
  );
}
