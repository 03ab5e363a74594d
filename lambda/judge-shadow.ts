import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { judgeShadow, ShadowVerdict } from './release/judge-shadow';
import { SHADOW_VARIANT } from './release/shadow-names';
import { ShadowLimits } from './release/shadow-specification';
import { variantMetrics } from './release/variant-metrics';
import { fields, text } from './support/fields';

const client = new CloudWatchClient({ maxAttempts: 8 });

/** Compares the new model's requests in the shadow with those of the model that serves, since `from`. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<ShadowVerdict> {
  const endpointName = text(event, 'endpointName');
  const shared = { client, endpointName, from: new Date(text(event, 'from')), to: new Date() };
  const [production, shadow] = await Promise.all([
    variantMetrics({ ...shared, variantName: text(event, 'variantName') }),
    variantMetrics({ ...shared, variantName: SHADOW_VARIANT }),
  ]);
  return judgeShadow(production, shadow, fields(event, 'limits') as unknown as ShadowLimits);
}
