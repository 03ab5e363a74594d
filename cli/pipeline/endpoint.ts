import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from '../../lambda/release/endpoints';
import { artifactOfConfig } from '../../lambda/release/released-artifact';

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
}

export async function readEndpoint(client: SageMakerClient, name: string): Promise<EndpointState> {
  const endpoint = await describeEndpoint(client, name);
  if (endpoint === undefined) return { name, status: 'Missing' };
  const artifact = await artifactOfConfig(client, name, endpoint.EndpointConfigName!);
  return {
    name,
    status: endpoint.EndpointStatus!,
    config: endpoint.EndpointConfigName,
    artifact,
    build: artifact && buildOf(artifact),
    reason: endpoint.FailureReason,
  };
}

/** Name of the build in an artifact's address, `s3://bucket/compressed/<model>/<build>/`. */
export function buildOf(artifact: string): string {
  return artifact.replace(/\/$/, '').split('/').pop()!;
}
