import { createHash } from 'node:crypto';
import { releasePrefix } from './release-names';

/** Tag of the configs that hold a model in the shadow of another. They are never what an endpoint is left on. */
export const SHADOW_TAG = 'modelpress:shadow';

/** Name of the variant that gets copies of the requests; its metrics have it as their dimension. */
export const SHADOW_VARIANT = 'shadow';

const DIGEST_LENGTH = 16;

/** Name of the config with one release in the shadow of another; the same two give the same name, so a repeat finds it. */
export function shadowConfigName(
  endpointName: string,
  serves: string,
  shadow: string,
  samplingPercentage: number,
): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(['shadow', endpointName, serves, shadow, samplingPercentage]))
    .digest('hex');
  return releasePrefix(endpointName) + digest.slice(0, DIGEST_LENGTH);
}
