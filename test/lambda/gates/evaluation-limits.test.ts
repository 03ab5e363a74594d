import { checkMetrics, MetricLimit, readMetrics } from '../../../lambda/gates/evaluation-limits';

const ADDRESS = 's3://models/evaluation/digits/run-1/metrics.json';

const check = (raw: number, compressed: number, limit: Omit<MetricLimit, 'metric'>): string[] =>
  checkMetrics([{ metric: 'm', raw, compressed }], [{ metric: 'm', ...limit }]);

test.each<[number, number, Omit<MetricLimit, 'metric'>]>([
  [0.97, 0.96, { maxDrop: 0.01 }],
  [0.9722, 0.9622, { maxDrop: 0.01, maxRelativeDrop: 0.0103 }],
  [0.5, 0.9, { maxDrop: 0 }],
  [0.7, 0.7, { maxDrop: 0, maxRise: 0, maxRelativeDrop: 0, maxRelativeRise: 0 }],
  [8, 8.08, { maxRise: 0.08, maxRelativeRise: 0.01 }],
  [0, 0, { maxRelativeDrop: 0, maxRelativeRise: 0 }],
  [-2, -1.5, { maxRelativeRise: 0.25 }],
  [1, 0.9, { min: 0.9, max: 0.9 }],
])('%f against %f keeps %j', (raw, compressed, limit) => expect(check(raw, compressed, limit)).toEqual([]));

test.each<[number, number, Omit<MetricLimit, 'metric'>, string]>([
  [0.97, 0.94, { maxDrop: 0.01 }, 'm dropped by 0.03 from 0.97 to 0.94; at most 0.01 is allowed'],
  [0.8, 0.6, { maxRelativeDrop: 0.2 }, 'm dropped by the share 0.25 from 0.8 to 0.6; at most 0.2 is allowed'],
  [8, 9, { maxRise: 0.5 }, 'm rose by 1 from 8 to 9; at most 0.5 is allowed'],
  [8, 9, { maxRelativeRise: 0.1 }, 'm rose by the share 0.125 from 8 to 9; at most 0.1 is allowed'],
  [0, 1, { maxRelativeRise: 0.1 }, 'm rose by the share Infinity from 0 to 1; at most 0.1 is allowed'],
  [0.9, 0.85, { min: 0.86 }, 'm is 0.85; at least 0.86 is allowed'],
  [3, 4, { max: 3.5 }, 'm is 4; at most 3.5 is allowed'],
])('%f against %f does not keep %j', (raw, compressed, limit, breach) =>
  expect(check(raw, compressed, limit)).toEqual([breach]),
);

test('metrics are read by name, and others may stand beside them', () => {
  const text = JSON.stringify({ held_out: 3, raw: { a: 1, b: 2 }, compressed: { a: 0.5, b: 3, c: 'x' } });
  expect(readMetrics(text, [{ metric: 'b' }, { metric: 'a' }], ADDRESS)).toEqual([
    { metric: 'b', raw: 2, compressed: 3 },
    { metric: 'a', raw: 1, compressed: 0.5 },
  ]);
});

test.each([
  ['not JSON', '{"raw": {"a": NaN}}', /is not JSON .*Python writes NaN/],
  ['a list', '[]', /needs the objects "raw" and "compressed".*"raw" is undefined/],
  ['null', 'null', /needs the objects "raw" and "compressed"/],
  ['one model only', '{"raw": {"a": 1}}', /"compressed" is undefined/],
  [
    'text',
    '{"raw": {"a": "1", "b": 2}, "compressed": {}}',
    /needs the number "a" in "raw", received: "1"; there are: a, b/,
  ],
  ['another metric', '{"raw": {"a": 1}, "compressed": {"b": 1}}', /needs the number "a" in "compressed".*there are: b/],
])('%s is no metrics', (_, text, message) => {
  const act = (): unknown => readMetrics(text, [{ metric: 'a' }], ADDRESS);
  expect(act).toThrow(message);
  expect(act).toThrow(expect.objectContaining({ name: 'InvalidMetrics' }) as Error);
});

test('an inherited name is no metric', () => {
  expect(() => readMetrics('{"raw": {}, "compressed": {}}', [{ metric: 'toString' }], ADDRESS)).toThrow(
    'needs the number',
  );
});
