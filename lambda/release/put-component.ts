import {
  CreateInferenceComponentCommand,
  DescribeInferenceComponentOutput,
  InferenceComponentDeploymentConfig,
  InferenceComponentSpecification,
  SageMakerClient,
  Tag,
  UpdateInferenceComponentCommand,
} from '@aws-sdk/client-sagemaker';
import { refuseMoving } from './components';
import { EndpointBusyError, isInProgress, isTaken } from './release-errors';
import { removeComponent } from './remove-component';
import { Scaling } from './scaling';

export interface PutComponentRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  readonly variantName: string;
  /** The component as it was found; undefined when there is none. */
  readonly present: DescribeInferenceComponentOutput | undefined;
  readonly specification: InferenceComponentSpecification;
  /** The fewest copies that it is to run on. */
  readonly copyCount: number;
  readonly deploymentConfig: InferenceComponentDeploymentConfig;
  readonly tags: readonly Tag[];
  /** Is taken away before a component is made. */
  readonly scaling?: Scaling;
}

/**
 * Asks SageMaker to run a model in the endpoint's component: makes the component, or moves it. Running what it runs
 * already changes nothing.
 *
 * @throws EndpointBusyError while another change is under way.
 */
export async function putComponent(request: PutComponentRequest): Promise<'created' | 'updated' | 'unchanged'> {
  const { client, endpointName, present, specification, copyCount } = request;
  refuseMoving(present);
  if (present?.InferenceComponentStatus === 'Failed') {
    // It can only be deleted.
    await removeComponent(client, endpointName);
    throw new EndpointBusyError(
      `inference component ${endpointName} had failed (${present.FailureReason ?? 'no reason given'}) and is being replaced`,
    );
  }
  if (present === undefined) return create(request);
  if (present.Specification?.ModelName === specification.ModelName) return 'unchanged';
  const copies = present.RuntimeConfig?.DesiredCopyCount ?? 0;
  try {
    await client.send(
      new UpdateInferenceComponentCommand({
        InferenceComponentName: endpointName,
        Specification: specification,
        RuntimeConfig: copies < copyCount ? { CopyCount: copyCount } : undefined,
        // A batch is at most half of the copies.
        DeploymentConfig: copies < 2 ? undefined : request.deploymentConfig,
      }),
    );
  } catch (error) {
    if (isInProgress(error))
      throw new EndpointBusyError(`inference component ${endpointName} is changing: ${(error as Error).message}`);
    throw error;
  }
  return 'updated';
}

async function create(request: PutComponentRequest): Promise<'created'> {
  const { client, endpointName, specification, copyCount } = request;
  // What a component of this name that somebody deleted has left behind would scale this one before it is there.
  await request.scaling?.deregister();
  try {
    await client.send(
      new CreateInferenceComponentCommand({
        InferenceComponentName: endpointName,
        EndpointName: endpointName,
        VariantName: request.variantName,
        Specification: specification,
        RuntimeConfig: { CopyCount: copyCount },
        Tags: [...request.tags],
      }),
    );
  } catch (error) {
    if (isTaken(error)) throw new EndpointBusyError(`inference component ${endpointName} is being made`);
    throw error;
  }
  return 'created';
}
