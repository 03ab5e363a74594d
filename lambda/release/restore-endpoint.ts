import { DeleteEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeConfig } from './endpoint-configs';
import { describeEndpoint, isAsleep, refuseUnsettled } from './endpoints';
import { moveEndpoint } from './move-endpoint';
import { Scaling } from './scaling';

export interface RestoreAnswer {
  readonly endpointName: string;
  /** The config that the endpoint must be in service on; absent when it is removed. */
  readonly endpointConfigName?: string;
  readonly action: 'restored' | 'unchanged' | 'removed';
}

/**
 * Takes the endpoint from a model that answers wrongly: back to the config that proved itself last, or away when none
 * ever did. At once and past all alarms, which may well be ringing for that model.
 *
 * @throws EndpointBusyError while another change is under way; EndpointBrokenError when a person has to look.
 */
export async function restoreEndpoint(
  client: SageMakerClient,
  endpointName: string,
  good: string | undefined,
  scaling?: Scaling,
): Promise<RestoreAnswer> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined) return { endpointName, action: 'removed' };
  refuseUnsettled(endpoint);
  if (
    good === undefined ||
    endpoint.EndpointStatus === 'Failed' ||
    (await describeConfig(client, good)) === undefined
  ) {
    await scaling?.deregister();
    await client.send(new DeleteEndpointCommand({ EndpointName: endpointName }));
    return { endpointName, action: 'removed' };
  }
  const answer = { endpointName, endpointConfigName: good };
  if (endpoint.EndpointConfigName === good) return { ...answer, action: 'unchanged' };
  await moveEndpoint({
    client,
    endpointName,
    from: endpoint.EndpointConfigName!,
    to: good,
    isAsleep: isAsleep(endpoint),
    scaling,
  });
  return { ...answer, action: 'restored' };
}
