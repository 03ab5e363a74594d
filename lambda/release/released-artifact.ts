import { DescribeEndpointConfigCommand, DescribeModelCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { isMissing } from './release-errors';
import { describeEndpoint } from './endpoints';

/** Address of the artifact that an endpoint serves; undefined when there is no endpoint. */
export async function releasedArtifact(client: SageMakerClient, endpointName: string): Promise<string | undefined> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined) return undefined;
  return artifactOfConfig(client, endpoint.EndpointConfigName!);
}

/** Address of the artifact that an endpoint config is for; undefined when the config or its model is gone. */
export async function artifactOfConfig(client: SageMakerClient, configName: string): Promise<string | undefined> {
  try {
    const config = await client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: configName }));
    const model = await client.send(new DescribeModelCommand({ ModelName: config.ProductionVariants![0].ModelName }));
    return model.PrimaryContainer?.ModelDataSource?.S3DataSource?.S3Uri;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
