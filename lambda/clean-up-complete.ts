import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { removeConfigsAndModels, removeEndpoint } from './release/remove-releases';
import { fields, text } from './support/fields';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Removes the endpoint, then its configs and models; asked again until nothing is left. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ IsComplete: boolean }> {
  if (event.RequestType !== 'Delete') return { IsComplete: true };
  const endpointName = text(fields(event, 'ResourceProperties'), 'endpointName');
  if (!(await removeEndpoint(client, endpointName))) return { IsComplete: false };
  await removeConfigsAndModels(client, endpointName);
  return { IsComplete: true };
}
