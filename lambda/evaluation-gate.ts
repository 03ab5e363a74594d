import { CloudWatchClient, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { checkMetrics, Compared, MetricLimit, readMetrics } from './gates/evaluation-limits';
import { failGate } from './gates/fail-gate';
import { InvalidMetricsError } from './gates/gate-errors';
import { publishMetrics } from './gates/publish-metrics';
import { InvalidEventError, text } from './support/fields';
import { openStore } from './support/stores';

const cloudWatch = new CloudWatchClient({ maxAttempts: 4 });
const sageMaker = new SageMakerClient({ maxAttempts: 8 });

const FILE = 'metrics.json';
const MAX_BYTES = 1024 * 1024;

/** Compares what an evaluation measured with the limits, and publishes it either way. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ metrics: Compared[] }> {
  const store = openStore(text(event, 'evaluation'));
  const { limits } = event;
  if (!Array.isArray(limits))
    throw new InvalidEventError(`event needs the list "limits", received: ${JSON.stringify(limits)}`);
  const written = await store.get(FILE, MAX_BYTES);
  if (written === undefined) {
    throw new InvalidMetricsError(
      `the evaluation wrote no ${FILE}; it must write /opt/ml/processing/output/${FILE} (looked at ${store.root}${FILE})`,
    );
  }
  const metrics = readMetrics(Buffer.from(written).toString(), limits as MetricLimit[], store.root + FILE);
  await publishMetrics(
    cloudWatch,
    text(event, 'pipeline'),
    metrics.flatMap(({ metric, raw, compressed }) => [
      { name: metric, value: raw, unit: StandardUnit.None, dimensions: { Model: 'raw' } },
      { name: metric, value: compressed, unit: StandardUnit.None, dimensions: { Model: 'compressed' } },
    ]),
  );
  const breaches = checkMetrics(metrics, limits as MetricLimit[]);
  if (breaches.length > 0)
    await failGate(sageMaker, event, `the compressed model is not good enough (${store.root}${FILE}):`, breaches);
  return { metrics };
}
