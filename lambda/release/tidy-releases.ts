import {
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointConfigCommand,
  ListTagsCommand,
  paginateListEndpointConfigs,
  paginateListModels,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from './endpoints';
import { isMissing } from './release-errors';
import { ENDPOINT_TAG, releasePrefix } from './release-names';

export interface TidyRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** How many configs stay, those in use included. */
  readonly keep: number;
  /** Configs that stay whatever their age. */
  readonly always: readonly (string | undefined)[];
}

/**
 * Removes the older configs and models of an endpoint: those that carry its tag, are in use by nothing, and are not
 * among the newest.
 */
export async function tidyReleases(request: TidyRequest): Promise<void> {
  const { client, endpointName } = request;
  const endpoint = await describeEndpoint(client, endpointName);
  const always = new Set([
    ...request.always,
    endpoint?.EndpointConfigName,
    endpoint?.PendingDeploymentSummary?.EndpointConfigName,
  ]);
  const configs = await configsOf(client, endpointName);
  const kept = configs.filter((config) => always.has(config));
  for (const config of configs) {
    if (always.has(config)) continue;
    if (kept.length < request.keep) kept.push(config);
    else await unlessMissing(client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: config })));
  }
  const used = new Set((await Promise.all(kept.map((config) => modelsOf(client, config)))).flat());
  for (const model of await taggedModels(client, endpointName)) {
    if (!used.has(model)) await unlessMissing(client.send(new DeleteModelCommand({ ModelName: model })));
  }
}

/** Removes every config and model that was made for an endpoint. */
export async function removeConfigsAndModels(client: SageMakerClient, endpointName: string): Promise<void> {
  await tidyReleases({ client, endpointName, keep: 0, always: [] });
}

/** The endpoint's configs, newest first. */
async function configsOf(client: SageMakerClient, endpointName: string): Promise<string[]> {
  const found: string[] = [];
  const query = { NameContains: releasePrefix(endpointName), SortBy: 'CreationTime', SortOrder: 'Descending' } as const;
  for await (const page of paginateListEndpointConfigs({ client }, query)) {
    for (const { EndpointConfigName, EndpointConfigArn } of page.EndpointConfigs ?? []) {
      if (await isOf(client, EndpointConfigArn!, endpointName)) found.push(EndpointConfigName!);
    }
  }
  return found;
}

async function taggedModels(client: SageMakerClient, endpointName: string): Promise<string[]> {
  const found: string[] = [];
  for await (const page of paginateListModels({ client }, { NameContains: releasePrefix(endpointName) })) {
    for (const { ModelName, ModelArn } of page.Models ?? []) {
      if (await isOf(client, ModelArn!, endpointName)) found.push(ModelName!);
    }
  }
  return found;
}

async function modelsOf(client: SageMakerClient, config: string): Promise<string[]> {
  const found = await unlessMissing(client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: config })));
  const variants = [...(found?.ProductionVariants ?? []), ...(found?.ShadowProductionVariants ?? [])];
  return variants.flatMap(({ ModelName }) => (ModelName === undefined ? [] : [ModelName]));
}

async function isOf(client: SageMakerClient, arn: string, endpointName: string): Promise<boolean> {
  const found = await unlessMissing(client.send(new ListTagsCommand({ ResourceArn: arn })));
  return (found?.Tags ?? []).some((tag) => tag.Key === ENDPOINT_TAG && tag.Value === endpointName);
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
