import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from './release-model';

export interface StatusAnswer {
  readonly state: 'InProgress' | 'InService' | 'RolledBack' | 'Failed' | 'RollbackFailed';
  /** SageMaker's own word. */
  readonly endpointStatus: string;
  /** Why, in a sentence; for the state machine's cause. */
  readonly reason: string;
}

const IN_PROGRESS = ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'];

/**
 * How a release stands. In service alone is no success: after a rollback an endpoint is in service too, on the old
 * config.
 */
export async function releaseStatus(
  client: SageMakerClient,
  endpointName: string,
  configName: string,
): Promise<StatusAnswer> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined) {
    return { state: 'Failed', endpointStatus: 'Missing', reason: `endpoint ${endpointName} does not exist (any more)` };
  }
  const endpointStatus = endpoint.EndpointStatus ?? 'unknown';
  const why = endpoint.FailureReason ?? "SageMaker gave no reason; see the endpoint's logs";
  if (IN_PROGRESS.includes(endpointStatus)) {
    return { state: 'InProgress', endpointStatus, reason: `endpoint ${endpointName} is ${endpointStatus}` };
  }
  if (endpointStatus === 'InService' && endpoint.EndpointConfigName === configName) {
    return { state: 'InService', endpointStatus, reason: `endpoint ${endpointName} is in service on ${configName}` };
  }
  if (endpointStatus === 'InService') {
    return {
      state: 'RolledBack',
      endpointStatus,
      reason: `endpoint ${endpointName} went back to ${endpoint.EndpointConfigName}, which keeps serving; ${configName} was not released: ${why}`,
    };
  }
  if (endpointStatus === 'UpdateRollbackFailed') {
    return { state: 'RollbackFailed', endpointStatus, reason: `endpoint ${endpointName} could not go back: ${why}` };
  }
  return { state: 'Failed', endpointStatus, reason: `endpoint ${endpointName} is ${endpointStatus}: ${why}` };
}
