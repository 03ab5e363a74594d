import { DeleteEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from './endpoints';
import { isInProgress, isMissing } from './release-errors';

/**
 * Asks for the endpoint's deletion. Answers true once it is gone; ask again until then. An endpoint that is being
 * created or updated cannot be deleted yet.
 */
export async function removeEndpoint(client: SageMakerClient, endpointName: string): Promise<boolean> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined) return true;
  if (endpoint.EndpointStatus === 'Deleting') return false;
  try {
    await client.send(new DeleteEndpointCommand({ EndpointName: endpointName }));
  } catch (error) {
    if (!isMissing(error) && !isInProgress(error)) throw error;
  }
  return (await describeEndpoint(client, endpointName)) === undefined;
}
