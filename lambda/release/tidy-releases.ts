import {
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  ListTagsCommand,
  paginateListEndpointConfigs,
  paginateListModels,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { describeConfig } from './endpoint-configs';
import { describeEndpoint } from './endpoints';
import { unlessMissing } from './release-errors';
import { ENDPOINT_TAG, releasePrefix } from './release-names';
import { SHADOW_TAG } from './shadow-names';

export interface TidyRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** How many configs stay, those in use included. */
  readonly keep: number;
  /** Configs that stay whatever their age. */
  readonly always: readonly (string | undefined)[];
  /** Models that stay whatever their age, where an inference component runs them and configs name none. */
  readonly alwaysModels?: readonly (string | undefined)[];
}

/**
 * Removes the older configs and models of an endpoint: those that carry its tag, are in use by nothing, and are not
 * among the newest. Of configs with a shadow, none stays.
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
  const kept = configs.map(({ config }) => config).filter((config) => always.has(config));
  for (const { config, isShadow } of configs) {
    if (always.has(config)) continue;
    if (kept.length < request.keep && !isShadow) kept.push(config);
    else await unlessMissing(client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: config })));
  }
  const models = await taggedModels(client, endpointName);
  const used = request.alwaysModels === undefined ? await modelsOfAll(client, kept) : newestModels(models, request);
  for (const model of models) {
    if (!used.has(model)) await unlessMissing(client.send(new DeleteModelCommand({ ModelName: model })));
  }
}

/** Removes every config and model that was made for an endpoint. */
export async function removeConfigsAndModels(client: SageMakerClient, endpointName: string): Promise<void> {
  await tidyReleases({ client, endpointName, keep: 0, always: [] });
}

/** A config of the endpoint. One with a shadow was for a comparison, and is no release. */
interface Config {
  readonly config: string;
  readonly isShadow: boolean;
}

/** The endpoint's configs, newest first. */
async function configsOf(client: SageMakerClient, endpointName: string): Promise<Config[]> {
  const found: Config[] = [];
  const query = { NameContains: releasePrefix(endpointName), SortBy: 'CreationTime', SortOrder: 'Descending' } as const;
  for await (const page of paginateListEndpointConfigs({ client }, query)) {
    for (const { EndpointConfigName, EndpointConfigArn } of page.EndpointConfigs ?? []) {
      const tags = await tagsOf(client, EndpointConfigArn!);
      if (tags.get(ENDPOINT_TAG) === endpointName)
        found.push({ config: EndpointConfigName!, isShadow: tags.has(SHADOW_TAG) });
    }
  }
  return found;
}

async function modelsOfAll(client: SageMakerClient, configs: readonly string[]): Promise<Set<string>> {
  return new Set((await Promise.all(configs.map((config) => modelsOf(client, config)))).flat());
}

/** Of models that no config names, as many as there may be configs. */
function newestModels(newestFirst: readonly string[], { alwaysModels = [], keep }: TidyRequest): Set<string> {
  const kept = new Set(newestFirst.filter((model) => alwaysModels.includes(model)));
  for (const model of newestFirst) if (kept.size < keep) kept.add(model);
  return kept;
}

/** The endpoint's models, newest first. */
async function taggedModels(client: SageMakerClient, endpointName: string): Promise<string[]> {
  const found: string[] = [];
  const query = { NameContains: releasePrefix(endpointName), SortBy: 'CreationTime', SortOrder: 'Descending' } as const;
  for await (const page of paginateListModels({ client }, query)) {
    for (const { ModelName, ModelArn } of page.Models ?? []) {
      if ((await tagsOf(client, ModelArn!)).get(ENDPOINT_TAG) === endpointName) found.push(ModelName!);
    }
  }
  return found;
}

async function modelsOf(client: SageMakerClient, config: string): Promise<string[]> {
  const found = await describeConfig(client, config);
  const variants = [...(found?.ProductionVariants ?? []), ...(found?.ShadowProductionVariants ?? [])];
  return variants.flatMap(({ ModelName }) => (ModelName === undefined ? [] : [ModelName]));
}

async function tagsOf(client: SageMakerClient, arn: string): Promise<ReadonlyMap<string, string>> {
  const found = await unlessMissing(client.send(new ListTagsCommand({ ResourceArn: arn })));
  return new Map((found?.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]));
}
