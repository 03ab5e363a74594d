import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeConfig, hasShadow } from './endpoint-configs';
import { describeEndpoint, isAsleep, refuseUnsettled } from './endpoints';
import { moveEndpoint } from './move-endpoint';
import { EndpointBrokenError } from './release-errors';
import { Scaling } from './scaling';

export interface DropAnswer {
  /** The config that the endpoint must be in service on; absent where there is no endpoint that could be. */
  readonly endpointConfigName?: string;
  readonly action: 'dropped' | 'unchanged';
}

/**
 * Takes the shadow away: back to the config that proved itself last, which is the one that serves beside it. An endpoint
 * that has no shadow, because it did not come up, stays as it is.
 *
 * @throws EndpointBusyError while another change is under way; EndpointBrokenError when a person has to look.
 */
export async function dropShadow(
  client: SageMakerClient,
  endpointName: string,
  good: string | undefined,
  scaling?: Scaling,
): Promise<DropAnswer> {
  const endpoint = await describeEndpoint(client, endpointName);
  // What goes takes its shadow along.
  if (endpoint === undefined || ['Failed', 'Deleting'].includes(endpoint.EndpointStatus!))
    return { action: 'unchanged' };
  refuseUnsettled(endpoint);
  const present = endpoint.EndpointConfigName!;
  if (!hasShadow(await describeConfig(client, present))) return { endpointConfigName: present, action: 'unchanged' };
  if (good === undefined || (await describeConfig(client, good)) === undefined) {
    throw new EndpointBrokenError(
      `endpoint ${endpointName} serves beside a shadow, and the config that it is to go back to, ${good}, is gone; release a build that is known to be good with {"build":"…","ignoreAlarms":true}`,
    );
  }
  await moveEndpoint({ client, endpointName, from: present, to: good, isAsleep: isAsleep(endpoint), scaling });
  return { endpointConfigName: good, action: 'dropped' };
}
