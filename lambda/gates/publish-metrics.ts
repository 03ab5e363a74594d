import { CloudWatchClient, MetricDatum, PutMetricDataCommand, StandardUnit } from '@aws-sdk/client-cloudwatch';

/** The functions may publish under this name and no other. */
export const NAMESPACE = 'modelpress';

export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: StandardUnit;
  /** Besides the pipeline's. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** Publishes a build's numbers, for the dashboard. A build does not fail because nobody could be shown how it went. */
export async function publishMetrics(
  client: CloudWatchClient,
  pipeline: string,
  measurements: readonly Measurement[],
): Promise<void> {
  const data = measurements
    .filter(({ value }) => Number.isFinite(value))
    .map(({ name, value, unit, dimensions }): MetricDatum => ({
      MetricName: name,
      Value: value,
      Unit: unit,
      Dimensions: Object.entries({ Pipeline: pipeline, ...dimensions }).map(([Name, Value]) => ({ Name, Value })),
    }));
  try {
    await client.send(new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData: data }));
  } catch (error) {
    console.warn(`the metrics of the build cannot be published: ${(error as Error).message}`);
  }
}
