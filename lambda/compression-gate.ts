import { CloudWatchClient, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { Manifest, ManifestTotals, readManifest } from './engine/manifest';
import { checkCompression } from './gates/compression-limits';
import { failGate } from './gates/fail-gate';
import { Measurement, publishMetrics } from './gates/publish-metrics';
import { NoArtifactError } from './release/release-errors';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

const cloudWatch = new CloudWatchClient({ maxAttempts: 4 });
const sageMaker = new SageMakerClient({ maxAttempts: 8 });

/** Compares a finished artifact with the limits, and publishes its numbers either way. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<ManifestTotals> {
  const store = openStore(text(event, 'artifact'));
  const manifest = await readManifest(store);
  if (manifest === undefined)
    throw new NoArtifactError(`${store.root} holds no manifest.json, so it is no finished artifact`);
  await publishMetrics(cloudWatch, text(event, 'pipeline'), measurements(manifest));
  const breaches = checkCompression(manifest, fields(event, 'limits'));
  if (breaches.length > 0)
    await failGate(sageMaker, event, `the compressed model does not keep its limits (${store.root}):`, breaches);
  return manifest.totals;
}

function measurements({ totals }: Manifest): Measurement[] {
  return [
    { name: 'SourceSize', value: totals.bytesBefore, unit: StandardUnit.Bytes },
    { name: 'CompressedSize', value: totals.bytesAfter, unit: StandardUnit.Bytes },
    { name: 'CompressionRatio', value: totals.bytesBefore / totals.bytesAfter, unit: StandardUnit.None },
    { name: 'RelativeError', value: totals.relativeError, unit: StandardUnit.None },
    { name: 'Sparsity', value: totals.sparsity, unit: StandardUnit.None },
  ];
}
