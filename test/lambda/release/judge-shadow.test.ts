import { CloudWatchClient, GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { judgeShadow } from '../../../lambda/release/judge-shadow';
import { ShadowLimits } from '../../../lambda/release/shadow-specification';
import { VariantMetrics, variantMetrics } from '../../../lambda/release/variant-metrics';

const limits: ShadowLimits = { minInvocations: 100, maxErrorShare: 0.01, maxLatencyRatio: 1.5, maxModelLatencyMs: 200 };
const production: VariantMetrics = { invocations: 1000, errorShare: 0.02, p99Ms: 100 };

test.each<[string, Partial<VariantMetrics>, Partial<ShadowLimits>, Partial<VariantMetrics>]>([
  ['as good as the one that serves', { errorShare: 0.02, p99Ms: 100 }, {}, {}],
  ['exactly at its limits', { errorShare: 0.03, p99Ms: 150 }, {}, {}],
  ['with just enough requests', { invocations: 100 }, {}, {}],
  [
    'slow, where nothing limits it',
    { p99Ms: 60_000 },
    { maxLatencyRatio: undefined, maxModelLatencyMs: undefined },
    {},
  ],
  ['that nobody can be compared with', { p99Ms: 199 }, {}, { invocations: 0, p99Ms: undefined }],
])('lets a model through: %s', (_, shadow, changes, before) => {
  const own = { invocations: 500, errorShare: 0, p99Ms: 50, ...shadow };
  const verdict = judgeShadow({ ...production, ...before }, own, { ...limits, ...changes });
  expect(verdict).toMatchObject({ state: 'Passed', shadow: own });
});

test.each<[string, Partial<VariantMetrics>, string]>([
  [
    'too few requests, whatever they were',
    { invocations: 99, errorShare: 1, p99Ms: 9000 },
    'it got 99 requests, and at least 100 are needed; observe longer, sample more, or ask for fewer',
  ],
  ['more errors', { errorShare: 0.0301 }, 'it failed on 1.01 % more, at most 1 % are allowed'],
  [
    'slow in comparison',
    { p99Ms: 151 },
    'its p99 latency is 1.51 times that of the model that serves, at most 1.5 times is allowed',
  ],
  [
    'slow in every way, and failing',
    { p99Ms: 250, errorShare: 0.5 },
    'it failed on 48 % more, at most 1 % are allowed; its p99 latency is 250 ms, at most 200 ms is allowed; ' +
      'its p99 latency is 2.50 times that of the model that serves, at most 1.5 times is allowed',
  ],
])('refuses a model with the numbers: %s', (_, shadow, problems) => {
  const own = { invocations: 500, errorShare: 0.02, p99Ms: 100, ...shadow };
  const { state, reason } = judgeShadow(production, own, limits);
  expect(state).toBe('Failed');
  expect(reason).toContain(`in the shadow: ${problems} (of ${own.invocations} copied requests`);
  expect(reason).toContain('the model that serves failed on 2 % of 1000, p99 100 ms)');
});

describe('the numbers of a variant', () => {
  /** A client that has these pieces of time for each metric. */
  function clientOf(pages: Record<string, [string, number][]>[]): { client: CloudWatchClient; asked: object[] } {
    const client = new CloudWatchClient({ region: 'us-east-1' });
    const asked: GetMetricDataCommandInput[] = [];
    let page = 0;
    client.send = ((command: { input: GetMetricDataCommandInput }) => {
      asked.push(command.input);
      const MetricDataResults = Object.entries(pages[page++]).map(([Id, points]) => ({
        Id,
        Timestamps: points.map(([time]) => new Date(time)),
        Values: points.map(([, value]) => value),
      }));
      return Promise.resolve({ MetricDataResults, NextToken: page < pages.length ? 'more' : undefined });
    }) as typeof client.send;
    return { client, asked };
  }
  const [from, to] = [new Date('2026-11-25T12:00:10Z'), new Date('2026-11-25T12:30:20Z')];
  const of = { endpointName: 'e', variantName: 'v', from, to };

  test('are put together from the pieces that CloudWatch has, by the requests in them', async () => {
    const { client, asked } = clientOf([
      { invocations: [['2026-11-25T12:00:00Z', 100]], latency: [['2026-11-25T12:00:00Z', 10_000]] },
      {
        invocations: [['2026-11-25T12:31:00Z', 300]],
        errors: [['2026-11-25T12:31:00Z', 20]],
        latency: [['2026-11-25T12:31:00Z', 50_000]],
        answers: [
          ['2026-11-25T12:00:00Z', 100],
          ['2026-11-25T12:31:00Z', 300],
        ],
      },
    ]);
    expect(await variantMetrics({ client, ...of })).toEqual({ invocations: 400, errorShare: 0.05, p99Ms: 40 });
    expect(asked[0]).toMatchObject({ StartTime: from, EndTime: to });
    const { MetricDataQueries } = asked[0] as GetMetricDataCommandInput;
    expect(MetricDataQueries!.map(({ MetricStat }) => [MetricStat!.Period, MetricStat!.Metric!.Namespace])).toEqual(
      Array(4).fill([31 * 60, 'AWS/SageMaker']),
    );
  });

  test('are none where there were no requests', async () => {
    const { client } = clientOf([{ invocations: [] }]);
    expect(await variantMetrics({ client, ...of })).toEqual({ invocations: 0, errorShare: 0 });
  });
});
