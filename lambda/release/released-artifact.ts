import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './components';
import { describeConfig } from './endpoint-configs';
import { describeEndpoint } from './endpoints';
import { Proven } from './ledger';
import { describeModel } from './models';

/** Address of the artifact that an endpoint serves; undefined when there is no endpoint. */
export async function releasedArtifact(client: SageMakerClient, endpointName: string): Promise<string | undefined> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined) return undefined;
  return artifactOfConfig(client, endpointName, endpoint.EndpointConfigName!);
}

/**
 * Address of the artifact that an endpoint serves on a config: what the config names, or where it names no model, what
 * the endpoint's inference component runs. Undefined when the config, the component or the model is gone.
 */
export async function artifactOfConfig(
  client: SageMakerClient,
  endpointName: string,
  configName: string,
): Promise<string | undefined> {
  const config = await describeConfig(client, configName);
  if (config === undefined) return undefined;
  const modelName =
    config.ProductionVariants![0].ModelName ??
    (await describeComponent(client, endpointName))?.Specification?.ModelName;
  return artifactOfModel(client, modelName);
}

/** Address of the artifact that proved itself last; undefined when none did, or its model is gone. */
export async function provenArtifact(
  client: SageMakerClient,
  { good, component }: Proven,
): Promise<string | undefined> {
  const config = good === undefined ? undefined : await describeConfig(client, good);
  return artifactOfModel(client, component?.ModelName ?? config?.ProductionVariants![0].ModelName);
}

async function artifactOfModel(client: SageMakerClient, modelName: string | undefined): Promise<string | undefined> {
  if (modelName === undefined) return undefined;
  const model = await describeModel(client, modelName);
  return model?.PrimaryContainer?.ModelDataSource?.S3DataSource?.S3Uri;
}
