import { InvalidMetricsError } from './gate-errors';

/** As the stack renders them; an absent bound allows everything. */
export interface MetricLimit {
  readonly metric: string;
  readonly maxDrop?: number;
  readonly maxRelativeDrop?: number;
  readonly maxRise?: number;
  readonly maxRelativeRise?: number;
  readonly min?: number;
  readonly max?: number;
}

/** One metric of both models. */
export interface Compared {
  readonly metric: string;
  readonly raw: number;
  readonly compressed: number;
}

/** Differences of decimal fractions are off in the last digits: 0.97 - 0.96 is a little more than 0.01. */
const ROUNDING = 1e-9;

/**
 * Reads the limited metrics out of what an evaluation wrote: `{ "raw": { … }, "compressed": { … } }`.
 *
 * @throws InvalidMetricsError naming the metric and what is there instead.
 */
export function readMetrics(text: string, limits: readonly MetricLimit[], address: string): Compared[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InvalidMetricsError(
      `${address} is not JSON (${(error as Error).message}); Python writes NaN and Infinity, which JSON does not have`,
    );
  }
  return limits.map(({ metric }) => ({
    metric,
    raw: readNumber(parsed, 'raw', metric, address),
    compressed: readNumber(parsed, 'compressed', metric, address),
  }));
}

function readNumber(parsed: unknown, model: string, metric: string, address: string): number {
  const metrics = isObject(parsed) ? parsed[model] : undefined;
  if (!isObject(metrics)) {
    throw new InvalidMetricsError(
      `${address} needs the objects "raw" and "compressed", each with the model's metrics; "${model}" is ${JSON.stringify(metrics)}`,
    );
  }
  const value = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  if (typeof value === 'number') return value;
  throw new InvalidMetricsError(
    `${address} needs the number "${metric}" in "${model}", received: ${JSON.stringify(value)}; there are: ${Object.keys(metrics).join(', ')}`,
  );
}

/** Compares metrics with their limits; answers one line for each that is not kept, with the numbers. */
export function checkMetrics(metrics: readonly Compared[], limits: readonly MetricLimit[]): string[] {
  return metrics.flatMap((compared, index) => checkMetric(compared, limits[index]));
}

function checkMetric({ metric, raw, compressed }: Compared, limit: MetricLimit): string[] {
  const rise = compressed - raw;
  const tolerance = ROUNDING * Math.max(Math.abs(raw), Math.abs(compressed));
  const share = (change: number): number => (raw === 0 ? (change > 0 ? Infinity : 0) : change / Math.abs(raw));
  const from = `from ${raw} to ${compressed}`;
  return [
    ...bound(-rise, limit.maxDrop, tolerance, (by, most) => `dropped by ${by} ${from}; at most ${most} is allowed`),
    ...bound(
      share(-rise),
      limit.maxRelativeDrop,
      ROUNDING,
      (by, most) => `dropped by the share ${by} ${from}; at most ${most} is allowed`,
    ),
    ...bound(rise, limit.maxRise, tolerance, (by, most) => `rose by ${by} ${from}; at most ${most} is allowed`),
    ...bound(
      share(rise),
      limit.maxRelativeRise,
      ROUNDING,
      (by, most) => `rose by the share ${by} ${from}; at most ${most} is allowed`,
    ),
    ...bound(compressed, limit.max, 0, (value, most) => `is ${value}; at most ${most} is allowed`),
    ...bound(
      -compressed,
      limit.min === undefined ? undefined : -limit.min,
      0,
      () => `is ${compressed}; at least ${limit.min} is allowed`,
    ),
  ].map((breach) => `${metric} ${breach}`);
}

function bound(
  value: number,
  limit: number | undefined,
  tolerance: number,
  tell: (value: string, limit: number) => string,
): string[] {
  if (limit === undefined || value <= limit + tolerance) return [];
  return [tell(String(Number(value.toPrecision(6))), limit)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
