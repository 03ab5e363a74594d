import { DescribeInferenceComponentOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './components';
import { describeConfig } from './endpoint-configs';
import { describeEndpoint } from './endpoints';
import { Proven } from './ledger';
import { describeModel } from './models';

/** Address of the artifact that an endpoint serves; undefined when there is no endpoint, or its model is gone. */
export async function releasedArtifact(client: SageMakerClient, endpointName: string): Promise<string | undefined> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined) return undefined;
  const { modelName } = await modelOfConfig(client, endpointName, endpoint.EndpointConfigName!);
  return modelName === undefined ? undefined : artifactOf(client, modelName);
}

/** What an endpoint serves. */
export interface ServedModel {
  /** Absent when the config, or the component, is gone. */
  readonly modelName?: string;
  /** What runs the model, where the config names none. */
  readonly component?: DescribeInferenceComponentOutput;
}

/** What an endpoint serves on a config: the model that the config names, or the one that its inference component runs. */
export async function modelOfConfig(
  client: SageMakerClient,
  endpointName: string,
  configName: string,
): Promise<ServedModel> {
  const config = await describeConfig(client, configName);
  if (config === undefined) return {};
  const modelName = config.ProductionVariants![0].ModelName;
  if (modelName !== undefined) return { modelName };
  const component = await describeComponent(client, endpointName);
  return { modelName: component?.Specification?.ModelName, component };
}

/** Address of the artifact that proved itself last; undefined when none did, or its model is gone. */
export async function provenArtifact(
  client: SageMakerClient,
  { good, component }: Proven,
): Promise<string | undefined> {
  const config = good === undefined ? undefined : await describeConfig(client, good);
  const modelName = component?.ModelName ?? config?.ProductionVariants![0].ModelName;
  return modelName === undefined ? undefined : artifactOf(client, modelName);
}

/** Address of the artifact that a model serves; undefined when there is no such model. */
export async function artifactOf(client: SageMakerClient, modelName: string): Promise<string | undefined> {
  const model = await describeModel(client, modelName);
  return model?.PrimaryContainer?.ModelDataSource?.S3DataSource?.S3Uri;
}
