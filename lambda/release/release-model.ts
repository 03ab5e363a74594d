import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeEndpointOutput,
  SageMakerClient,
  Tag,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { ReleaseSpecification } from './release-specification';
import { EndpointBrokenError, EndpointBusyError, isInProgress, isMissing, isTaken } from './release-errors';
import { ENDPOINT_TAG, releaseNames } from './release-names';
import { deploymentConfig, modelCommandInput, productionVariant } from './release-requests';

export interface ReleaseRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** Address of a finished artifact, ending in `/`. */
  readonly artifact: string;
  readonly specification: ReleaseSpecification;
}

export interface ReleaseAnswer {
  readonly endpointName: string;
  /** The config that the endpoint must be in service on. */
  readonly endpointConfigName: string;
  readonly modelName: string;
  readonly action: 'created' | 'updated' | 'unchanged';
}

/**
 * Asks SageMaker to serve an artifact under the endpoint's stable name. Asking for what is served already, or is on
 * its way, changes nothing.
 *
 * @throws EndpointBusyError while another change is under way; EndpointBrokenError when a person has to look.
 */
export async function release(request: ReleaseRequest): Promise<ReleaseAnswer> {
  const { client, endpointName, specification } = request;
  const names = releaseNames(endpointName, request.artifact, specification);
  const answer = { endpointName, ...names };
  let endpoint = await describeEndpoint(client, endpointName);
  if (endpoint !== undefined) refuseBroken(endpoint);

  const tags: Tag[] = [...specification.tags, { Key: ENDPOINT_TAG, Value: endpointName }];
  await unlessTaken(
    client.send(new CreateModelCommand({ ...modelCommandInput(request, names.modelName), Tags: tags })),
  );
  await unlessTaken(
    client.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: names.endpointConfigName,
        ProductionVariants: [productionVariant(names.modelName, specification)],
        ...(specification.kmsKeyArn === undefined ? {} : { KmsKeyId: specification.kmsKeyArn }),
        Tags: tags,
      }),
    ),
  );

  if (endpoint?.EndpointStatus === 'Failed') {
    // An endpoint that was never in service can only be deleted; nothing is lost with it.
    await client.send(new DeleteEndpointCommand({ EndpointName: endpointName }));
    throw new EndpointBusyError(
      `endpoint ${endpointName} had failed (${endpoint.FailureReason ?? 'no reason given'}) and is being replaced`,
    );
  }
  if (endpoint === undefined) {
    try {
      await client.send(
        new CreateEndpointCommand({
          EndpointName: endpointName,
          EndpointConfigName: names.endpointConfigName,
          Tags: tags,
        }),
      );
      return { ...answer, action: 'created' };
    } catch (error) {
      if (!isTaken(error)) throw error;
      endpoint = await describeEndpoint(client, endpointName);
    }
  }
  if (endpoint?.EndpointConfigName === names.endpointConfigName && endpoint.EndpointStatus === 'InService') {
    return { ...answer, action: 'unchanged' };
  }
  try {
    await client.send(
      new UpdateEndpointCommand({
        EndpointName: endpointName,
        EndpointConfigName: names.endpointConfigName,
        RetainAllVariantProperties: false,
        ...(specification.deploymentConfig === undefined
          ? {}
          : { DeploymentConfig: deploymentConfig(specification.deploymentConfig) }),
      }),
    );
    return { ...answer, action: 'updated' };
  } catch (error) {
    if (isInProgress(error))
      throw new EndpointBusyError(`endpoint ${endpointName} is changing: ${(error as Error).message}`);
    throw error;
  }
}

/** An endpoint's description; undefined when there is none. */
export async function describeEndpoint(
  client: SageMakerClient,
  name: string,
): Promise<DescribeEndpointOutput | undefined> {
  try {
    return await client.send(new DescribeEndpointCommand({ EndpointName: name }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function refuseBroken(endpoint: DescribeEndpointOutput): void {
  const { EndpointName: name, EndpointStatus: status, FailureReason: reason } = endpoint;
  if (status === 'UpdateRollbackFailed') {
    throw new EndpointBrokenError(
      `endpoint ${name} is UpdateRollbackFailed (${reason ?? 'no reason given'}): old and new instances are mixed; look at it, delete it, and release again`,
    );
  }
  if (status !== 'InService' && status !== 'Failed' && status !== 'OutOfService') {
    throw new EndpointBusyError(`endpoint ${name} is ${status}`);
  }
}

/** Names are digests of content, so one that is taken holds what we were about to make. */
async function unlessTaken(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}
