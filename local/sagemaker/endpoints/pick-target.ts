import { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../api/api-error';
import { InferenceComponents } from '../components/inference-components';
import { Context } from '../system/context';
import { EndpointMetrics } from './endpoint-metrics';
import { LiveVariant } from './fleet';
import { LiveEndpoint } from './live-endpoint';
import { ScalableTargets } from './scalable-targets';

export interface TargetParts {
  readonly context: Context;
  readonly components: InferenceComponents;
  readonly targets: ScalableTargets;
  readonly metrics: EndpointMetrics;
}

/** What answers one request. */
export interface Target {
  readonly variant: LiveVariant;
  /** The endpoint's variant; where a component answers, the one that it runs on. */
  readonly variantName: string;
  readonly component?: string;
}

/**
 * What answers a request, by what its headers ask for. A component without a copy answers none, and is woken.
 *
 * @throws ApiError ValidationError or ServiceUnavailable.
 */
export function pickTarget(parts: TargetParts, endpoint: LiveEndpoint, headers: IncomingHttpHeaders): Target {
  const header = (key: string): string | undefined => {
    const value = headers[`x-amzn-sagemaker-${key}`];
    return typeof value === 'string' ? value : undefined;
  };
  const component = header('inference-component');
  const holdsComponents = endpoint.record.fleet?.variants.some(({ container }) => container === undefined);
  if (component !== undefined) return pickCopy(parts, endpoint, component);
  const { name } = endpoint.record;
  if (holdsComponents) {
    throw new ApiError(
      'ValidationError',
      `Endpoint ${name} of account ${parts.context.account} holds inference components; InferenceComponentName must say which one is meant.`,
    );
  }
  const target = header('target-variant');
  const variant = endpoint.route(target);
  if (variant !== undefined) return { variant, variantName: variant.name };
  if (target !== undefined && endpoint.route() !== undefined) {
    throw new ApiError(
      'ValidationError',
      `Variant ${target} not found for endpoint ${name} of account ${parts.context.account}.`,
    );
  }
  throw unavailable(name);
}

function pickCopy({ components, metrics, targets }: TargetParts, endpoint: LiveEndpoint, name: string): Target {
  const found = components.serving(endpoint.record.name, name);
  if (found === undefined) {
    throw new ApiError(
      'ValidationError',
      `Inference component ${name} not found on endpoint ${endpoint.record.name}, or not in service.`,
    );
  }
  if (found.live.isAsleep) {
    metrics.noCapacity(name);
    targets.wake(`inference-component/${name}`);
    throw new ApiError(
      'ValidationError',
      `Inference component ${name} has no copy to answer with; wait until scaling has brought one, or ask for one by UpdateInferenceComponentRuntimeConfig.`,
    );
  }
  const variant = found.live.route();
  if (variant === undefined) {
    // It was to be started, and could not be.
    found.live.adjust();
    throw unavailable(endpoint.record.name);
  }
  return { variant, variantName: found.variantName, component: name };
}

export function unavailable(name: string): ApiError {
  return new ApiError('ServiceUnavailable', `Endpoint ${name} has no container that is ready; try again.`, 503);
}
