import {
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  ListTagsCommand,
  paginateListEndpointConfigs,
  paginateListModels,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { isInProgress, isMissing } from './release-errors';
import { describeEndpoint } from './release-model';
import { ENDPOINT_TAG, releasePrefix } from './release-names';

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

/** Removes the configs and models that were made for this endpoint: those that carry its tag. */
export async function removeConfigsAndModels(client: SageMakerClient, endpointName: string): Promise<void> {
  const named = { NameContains: releasePrefix(endpointName) };
  for await (const page of paginateListEndpointConfigs({ client }, named)) {
    for (const { EndpointConfigName, EndpointConfigArn } of page.EndpointConfigs ?? []) {
      if (!(await isOf(client, EndpointConfigArn!, endpointName))) continue;
      await unlessMissing(client.send(new DeleteEndpointConfigCommand({ EndpointConfigName })));
    }
  }
  for await (const page of paginateListModels({ client }, named)) {
    for (const { ModelName, ModelArn } of page.Models ?? []) {
      if (!(await isOf(client, ModelArn!, endpointName))) continue;
      await unlessMissing(client.send(new DeleteModelCommand({ ModelName })));
    }
  }
}

async function isOf(client: SageMakerClient, arn: string, endpointName: string): Promise<boolean> {
  const { Tags } = await client.send(new ListTagsCommand({ ResourceArn: arn }));
  return (Tags ?? []).some((tag) => tag.Key === ENDPOINT_TAG && tag.Value === endpointName);
}

async function unlessMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
