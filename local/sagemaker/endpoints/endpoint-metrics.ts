import { CloudWatchClient, MetricDatum, PutMetricDataCommand, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { OF_COMPONENT } from './recent-requests';

const FLUSH_INTERVAL_MS = 1000;
const NAMESPACE = 'AWS/SageMaker';
const MAX_DATA_PER_CALL = 50;
/** CloudWatch's own limit for one datum. */
const MAX_VALUES_PER_DATUM = 150;

/**
 * Collects what endpoints do and publishes it once a second, value by value, so that percentiles can be asked for.
 * Metrics are best effort: serving never waits for them.
 */
export class EndpointMetrics {
  /** How often each value occurred, by metric. */
  private values = new Map<string, Map<number, number>>();
  private readonly timer: NodeJS.Timeout;
  private publishing: Promise<void> = Promise.resolve();
  private hasWarned = false;

  constructor(
    private readonly client: CloudWatchClient,
    private readonly log: (line: string) => void,
  ) {
    this.timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS);
    this.timer.unref();
  }

  /** Counts one invocation; latency in microseconds. */
  invocation(endpoint: string, variant: string, status: number, latency: number): void {
    this.add(endpoint, variant, 'Invocations', 1);
    this.add(endpoint, variant, 'Invocation4XXErrors', status >= 400 && status < 500 ? 1 : 0);
    this.add(endpoint, variant, 'Invocation5XXErrors', status >= 500 ? 1 : 0);
    this.add(endpoint, variant, 'InvocationModelErrors', status < 200 || status >= 300 ? 1 : 0);
    this.add(endpoint, variant, 'ModelLatency', latency);
  }

  /** Counts a request to an inference component that has no copy. */
  noCapacity(component: string): void {
    this.add(component, OF_COMPONENT, 'NoCapacityInvocationFailures', 1);
  }

  /** Publishes what is left. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.flush();
    await this.publishing;
  }

  private add(endpoint: string, variant: string, metric: string, value: number): void {
    const key = `${endpoint}/${variant}/${metric}`;
    const counts = this.values.get(key) ?? new Map<number, number>();
    counts.set(value, (counts.get(value) ?? 0) + 1);
    this.values.set(key, counts);
  }

  private flush(): void {
    if (this.values.size === 0) return;
    const data = [...this.values].flatMap(([key, counts]) => dataOf(key, [...counts]));
    this.values = new Map();
    this.publishing = this.publishing.then(() => this.publish(data));
  }

  private async publish(data: MetricDatum[]): Promise<void> {
    for (let start = 0; start < data.length; start += MAX_DATA_PER_CALL) {
      const MetricData = data.slice(start, start + MAX_DATA_PER_CALL);
      await this.client.send(new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData })).catch((error: Error) => {
        if (!this.hasWarned) this.log(`metrics cannot be published: ${error.message}`);
        this.hasWarned = true;
      });
    }
  }
}

function dataOf(key: string, counts: readonly (readonly [number, number])[]): MetricDatum[] {
  const [endpoint, variant, metric] = key.split('/');
  const shared = {
    MetricName: metric,
    Dimensions:
      variant === OF_COMPONENT
        ? [{ Name: 'InferenceComponentName', Value: endpoint }]
        : [
            { Name: 'EndpointName', Value: endpoint },
            { Name: 'VariantName', Value: variant },
          ],
    Timestamp: new Date(),
    Unit: metric === 'ModelLatency' ? StandardUnit.Microseconds : StandardUnit.Count,
  };
  const parts = Array.from({ length: Math.ceil(counts.length / MAX_VALUES_PER_DATUM) }, (_, index) =>
    counts.slice(index * MAX_VALUES_PER_DATUM, (index + 1) * MAX_VALUES_PER_DATUM),
  );
  return parts.map((part) => ({
    ...shared,
    Values: part.map(([value]) => value),
    Counts: part.map(([, count]) => count),
  }));
}
