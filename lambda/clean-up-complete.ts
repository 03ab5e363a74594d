import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { removePackages } from './registry/remove-packages';
import { removeComponent } from './release/remove-component';
import { removeEndpoint } from './release/remove-endpoint';
import { removeConfigsAndModels } from './release/tidy-releases';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Removes the endpoint, what runs on it, its configs and models, what was noted of it, and its registered builds; asked again until nothing is left. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ IsComplete: boolean }> {
  if (event.RequestType !== 'Delete') return { IsComplete: true };
  const properties = fields(event, 'ResourceProperties');
  const endpointName = text(properties, 'endpointName');
  await openScaling(properties)?.deregister();
  if (properties.inferenceComponent !== undefined && !(await removeComponent(client, endpointName)))
    return { IsComplete: false };
  if (!(await removeEndpoint(client, endpointName))) return { IsComplete: false };
  await removeConfigsAndModels(client, endpointName);
  await openLedger(properties).remove();
  await removePackages(client, text(properties, 'modelPackageGroup'));
  return { IsComplete: true };
}
