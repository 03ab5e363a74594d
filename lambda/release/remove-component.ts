import { DeleteInferenceComponentCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './components';
import { isInProgress, isMissing } from './release-errors';

/**
 * Asks for the deletion of an endpoint's inference component, without which the endpoint cannot be deleted. Answers true
 * once it is gone; ask again until then. One that is being made or updated cannot be deleted yet.
 */
export async function removeComponent(client: SageMakerClient, endpointName: string): Promise<boolean> {
  const component = await describeComponent(client, endpointName);
  if (component === undefined) return true;
  if (component.InferenceComponentStatus === 'Deleting') return false;
  try {
    await client.send(new DeleteInferenceComponentCommand({ InferenceComponentName: endpointName }));
  } catch (error) {
    if (!isMissing(error) && !isInProgress(error)) throw error;
  }
  return (await describeComponent(client, endpointName)) === undefined;
}
