import {
  DeploymentConfig,
  DescribeEndpointConfigCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  VariantPropertyType,
} from '@aws-sdk/client-sagemaker';
import { EndpointBusyError, isInProgress, isMissing } from './release-errors';

export interface Move {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** Config that the endpoint is in service on. */
  readonly from: string;
  readonly to: string;
  /** How; SageMaker's default is all at once, unguarded. */
  readonly deploymentConfig?: DeploymentConfig;
}

/**
 * Asks SageMaker to move an endpoint from one config to another. The number of instances stays what scaling or a person
 * has made of it, unless the two configs ask for different numbers.
 *
 * @throws EndpointBusyError while another change is under way.
 */
export async function moveEndpoint({ client, endpointName, from, to, deploymentConfig }: Move): Promise<void> {
  const [before, after] = await Promise.all([initialCount(client, from), initialCount(client, to)]);
  const given: VariantPropertyType[] =
    before === after ? ['DataCaptureConfig'] : ['DataCaptureConfig', 'DesiredInstanceCount'];
  try {
    await client.send(
      new UpdateEndpointCommand({
        EndpointName: endpointName,
        EndpointConfigName: to,
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: given.map((VariantPropertyType) => ({ VariantPropertyType })),
        DeploymentConfig: deploymentConfig,
      }),
    );
  } catch (error) {
    if (isInProgress(error))
      throw new EndpointBusyError(`endpoint ${endpointName} is changing: ${(error as Error).message}`);
    throw error;
  }
}

/** What a config asks for; undefined where it says nothing, or was deleted by somebody. */
async function initialCount(client: SageMakerClient, config: string): Promise<number | undefined> {
  try {
    const { ProductionVariants } = await client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: config }));
    return ProductionVariants?.[0].InitialInstanceCount;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
