import { DescribeInferenceComponentOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from '../../lambda/release/endpoints';
import { artifactOf, modelOfConfig } from '../../lambda/release/released-artifact';

/** What a pipeline's endpoint does. */
export interface EndpointState {
  readonly name: string;
  /** SageMaker's word, or `Missing`. */
  readonly status: string;
  readonly config?: string;
  /** Address of the artifact behind it. */
  readonly artifact?: string;
  /** Name of the build that made the artifact. */
  readonly build?: string;
  readonly reason?: string;
  /** What runs the model on it, where the config names none. */
  readonly component?: ComponentState;
}

/** What an endpoint's inference component does. */
export interface ComponentState {
  /** SageMaker's word. */
  readonly status: string;
  /** How many copies answer, and how many are to. */
  readonly copies: number;
  readonly desiredCopies: number;
  readonly reason?: string;
}

export async function readEndpoint(client: SageMakerClient, name: string): Promise<EndpointState> {
  const endpoint = await describeEndpoint(client, name);
  if (endpoint === undefined) return { name, status: 'Missing' };
  const { component, modelName } = await modelOfConfig(client, name, endpoint.EndpointConfigName!);
  const artifact = modelName === undefined ? undefined : await artifactOf(client, modelName);
  return {
    name,
    status: endpoint.EndpointStatus!,
    config: endpoint.EndpointConfigName,
    artifact,
    build: artifact && buildOf(artifact),
    reason: endpoint.FailureReason,
    ...(component === undefined ? {} : { component: componentState(component) }),
  };
}

function componentState(component: DescribeInferenceComponentOutput): ComponentState {
  const { CurrentCopyCount: copies = 0, DesiredCopyCount: desiredCopies = 0 } = component.RuntimeConfig ?? {};
  return { status: component.InferenceComponentStatus!, copies, desiredCopies, reason: component.FailureReason };
}

/** Name of the build in an artifact's address, `s3://bucket/compressed/<model>/<build>/`. */
export function buildOf(artifact: string): string {
  return artifact.replace(/\/$/, '').split('/').pop()!;
}
