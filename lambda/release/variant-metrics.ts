import { CloudWatchClient, MetricDataQuery, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';

/** What the requests to one variant came to. */
export interface VariantMetrics {
  readonly invocations: number;
  /** Share of them that the model failed on or refused, 0 to 1. */
  readonly errorShare: number;
  /** The 99th percentile of the time in the container; absent without requests. */
  readonly p99Ms?: number;
}

export interface MetricsRequest {
  readonly client: CloudWatchClient;
  readonly endpointName: string;
  readonly variantName: string;
  readonly from: Date;
  readonly to: Date;
}

const MINUTE_MS = 60_000;

/**
 * What CloudWatch has of a variant's requests in a time. CloudWatch cuts time into pieces of the period, so that even one
 * period as long as all of it may come in two: counts are added, and percentiles weighed by the requests behind them.
 */
export async function variantMetrics(request: MetricsRequest): Promise<VariantMetrics> {
  const { client, from, to } = request;
  const Period = 60 * Math.max(1, Math.ceil((to.getTime() - from.getTime()) / MINUTE_MS));
  const query = (Id: string, MetricName: string, Stat: string): MetricDataQuery => ({
    Id,
    MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: dimensionsOf(request) }, Period, Stat },
  });
  const queries = [
    query('invocations', 'Invocations', 'Sum'),
    query('errors', 'InvocationModelErrors', 'Sum'),
    query('latency', 'ModelLatency', 'p99'),
    query('answers', 'ModelLatency', 'SampleCount'),
  ];
  const found = new Map<string, Map<number, number>>();
  const pages = paginateGetMetricData({ client }, { MetricDataQueries: queries, StartTime: from, EndTime: to });
  for await (const page of pages) {
    for (const { Id, Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
      const values = found.get(Id!) ?? new Map<number, number>();
      Timestamps.forEach((time, index) => values.set(time.getTime(), Values[index]));
      found.set(Id!, values);
    }
  }
  const sum = (id: string): number => [...(found.get(id)?.values() ?? [])].reduce((total, value) => total + value, 0);
  const invocations = sum('invocations');
  const weights = found.get('answers');
  const weighed = [...(found.get('latency') ?? [])].map(([time, p99]) => p99 * (weights?.get(time) ?? 0));
  const answers = sum('answers');
  return {
    invocations,
    errorShare: invocations === 0 ? 0 : sum('errors') / invocations,
    ...(answers === 0 ? {} : { p99Ms: weighed.reduce((total, value) => total + value, 0) / answers / 1000 }),
  };
}

function dimensionsOf({ endpointName, variantName }: MetricsRequest): { Name: string; Value: string }[] {
  return [
    { Name: 'EndpointName', Value: endpointName },
    { Name: 'VariantName', Value: variantName },
  ];
}
