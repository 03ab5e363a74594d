import { CloudWatchClient, MetricDatum, PutMetricDataCommand, StandardUnit } from '@aws-sdk/client-cloudwatch';

const FLUSH_INTERVAL_MS = 1000;
const NAMESPACE = 'AWS/SageMaker';
const MAX_DATA_PER_CALL = 500;

interface Sum {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** Collects what endpoints do and publishes it once a second. Metrics are best effort: serving never waits for them. */
export class EndpointMetrics {
  private sums = new Map<string, Sum>();
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
    this.add(endpoint, variant, 'ModelLatency', latency);
  }

  /** Publishes what is left. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.flush();
    await this.publishing;
  }

  private add(endpoint: string, variant: string, metric: string, value: number): void {
    const key = `${endpoint}/${variant}/${metric}`;
    const sum = this.sums.get(key) ?? { count: 0, sum: 0, min: value, max: value };
    this.sums.set(key, {
      count: sum.count + 1,
      sum: sum.sum + value,
      min: Math.min(sum.min, value),
      max: Math.max(sum.max, value),
    });
  }

  private flush(): void {
    if (this.sums.size === 0) return;
    const data = [...this.sums].map(([key, sum]) => datum(key, sum));
    this.sums = new Map();
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

function datum(key: string, { count, sum, min, max }: Sum): MetricDatum {
  const [endpoint, variant, metric] = key.split('/');
  return {
    MetricName: metric,
    Dimensions: [
      { Name: 'EndpointName', Value: endpoint },
      { Name: 'VariantName', Value: variant },
    ],
    Timestamp: new Date(),
    Unit: metric === 'ModelLatency' ? StandardUnit.Microseconds : StandardUnit.Count,
    StatisticValues: { SampleCount: count, Sum: sum, Minimum: min, Maximum: max },
  };
}
