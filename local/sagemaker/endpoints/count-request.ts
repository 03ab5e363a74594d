import { performance } from 'node:perf_hooks';
import { Context } from '../system/context';
import { EndpointMetrics } from './endpoint-metrics';

/** Counts a request that a variant was sent at `start`, for CloudWatch and for the alarms that guard deployments. */
export function countRequest(
  context: Context,
  metrics: EndpointMetrics,
  endpoint: string,
  variant: string,
  status: number,
  start: number,
): void {
  const latency = (performance.now() - start) * 1000;
  metrics.invocation(endpoint, variant, status, latency);
  context.requests.add(endpoint, variant, status, latency);
}
