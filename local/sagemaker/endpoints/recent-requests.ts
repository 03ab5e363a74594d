/** What one request to an endpoint came to. */
interface RequestRecord {
  readonly time: number;
  readonly place: string;
  readonly status: number;
  /** Microseconds in the container. */
  readonly latency: number;
}

/** In the place of a variant, behind the name of an inference component in that of an endpoint. No variant has this name. */
export const OF_COMPONENT = '';

/** An hour of alarms looks back this far; more is forgotten. */
const KEEP_MS = 3_600_000;
const MOST = 200_000;

/** A request as a value of each metric that SageMaker publishes for it. */
const VALUES: Readonly<Record<string, (request: RequestRecord) => number>> = {
  Invocations: () => 1,
  Invocation4XXErrors: ({ status }) => (status >= 400 && status < 500 ? 1 : 0),
  Invocation5XXErrors: ({ status }) => (status >= 500 ? 1 : 0),
  InvocationModelErrors: ({ status }) => (status < 200 || status >= 300 ? 1 : 0),
  ModelLatency: ({ latency }) => latency,
};

/** The last requests one by one, because percentiles cannot be had from sums. */
export class RecentRequests {
  private records: RequestRecord[] = [];

  add(endpoint: string, variant: string, status: number, latency: number): void {
    const time = Date.now();
    this.records.push({ time, place: `${endpoint}/${variant}`, status, latency });
    if (this.records.length <= MOST) return;
    this.records = this.records.slice(MOST / 2).filter((record) => record.time > time - KEEP_MS);
  }

  /** Values of a metric from one time to another, in milliseconds; undefined for a metric that is not SageMaker's. */
  values(metric: string, endpoint: string, variant: string, from: number, to: number): number[] | undefined {
    if (!Object.hasOwn(VALUES, metric)) return undefined;
    const place = `${endpoint}/${variant}`;
    return this.records
      .filter((record) => record.place === place && record.time >= from && record.time < to)
      .map(VALUES[metric]);
  }
}
