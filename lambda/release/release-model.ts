import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  SageMakerClient,
  Tag,
} from '@aws-sdk/client-sagemaker';
import { describeEndpoint, isAsleep, refuseUnsettled } from './endpoints';
import { moveEndpoint } from './move-endpoint';
import { EndpointBusyError, isTaken, unlessTaken } from './release-errors';
import { removeComponent } from './remove-component';
import { ENDPOINT_TAG, releaseNames } from './release-names';
import { deploymentConfig, endpointConfigInput, modelCommandInput } from './release-requests';
import { ReleaseSpecification } from './release-specification';
import { Scaling } from './scaling';

export interface ReleaseRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** Address of a finished artifact, ending in `/`. */
  readonly artifact: string;
  readonly specification: ReleaseSpecification;
  /** Lets the update through whatever the alarms say, for the release that is to end an alarm. */
  readonly ignoreAlarms?: boolean;
  /** @default - the endpoint does not scale */
  readonly scaling?: Scaling;
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
  if (endpoint !== undefined) refuseUnsettled(endpoint);
  await makeModelAndConfig(request, names);

  if (endpoint?.EndpointStatus === 'Failed') {
    // An endpoint that was never in service can only be deleted; nothing is lost with it.
    if (specification.component !== undefined && !(await removeComponent(client, endpointName)))
      throw new EndpointBusyError(
        `the inference component of endpoint ${endpointName}, which had failed, is being deleted`,
      );
    await client.send(new DeleteEndpointCommand({ EndpointName: endpointName }));
    throw new EndpointBusyError(
      `endpoint ${endpointName} had failed (${endpoint.FailureReason ?? 'no reason given'}) and is being replaced`,
    );
  }
  if (endpoint === undefined) {
    // What an endpoint of this name that somebody deleted has left behind would scale this one before it is there.
    await request.scaling?.deregister();
    try {
      await client.send(
        new CreateEndpointCommand({
          EndpointName: endpointName,
          EndpointConfigName: names.endpointConfigName,
          Tags: tagsOf(request),
        }),
      );
      return { ...answer, action: 'created' };
    } catch (error) {
      if (!isTaken(error)) throw error;
      endpoint = await describeEndpoint(client, endpointName);
      if (endpoint === undefined) throw new EndpointBusyError(`endpoint ${endpointName} is being made and deleted`);
    }
  }
  if (endpoint.EndpointConfigName === names.endpointConfigName && endpoint.EndpointStatus === 'InService') {
    return { ...answer, action: 'unchanged' };
  }
  await moveEndpoint({
    client,
    endpointName,
    from: endpoint.EndpointConfigName!,
    to: names.endpointConfigName,
    isAsleep: isAsleep(endpoint),
    deploymentConfig: deploymentConfig(specification, request.ignoreAlarms ?? false),
    // What scales copies is not in the way of other instances.
    scaling: specification.component === undefined ? request.scaling : undefined,
  });
  return { ...answer, action: 'updated' };
}

async function makeModelAndConfig(
  request: ReleaseRequest,
  { modelName, endpointConfigName }: { modelName: string; endpointConfigName: string },
): Promise<void> {
  await makeModel(request, modelName);
  await unlessTaken(
    request.client.send(
      new CreateEndpointConfigCommand({
        ...endpointConfigInput(request.specification, modelName),
        EndpointConfigName: endpointConfigName,
        Tags: tagsOf(request),
      }),
    ),
  );
}

/** Makes the model of a release, unless it is there. */
export async function makeModel(request: ReleaseRequest, modelName: string): Promise<void> {
  const Tags = tagsOf(request);
  await unlessTaken(request.client.send(new CreateModelCommand({ ...modelCommandInput(request, modelName), Tags })));
}

/** What everything that is made for an endpoint carries. */
export function tagsOf({ specification, endpointName }: Pick<ReleaseRequest, 'specification' | 'endpointName'>): Tag[] {
  return [...specification.tags, { Key: ENDPOINT_TAG, Value: endpointName }];
}
