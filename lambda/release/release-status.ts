import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from './endpoints';

export interface StatusAnswer {
  readonly state: 'InProgress' | 'InService' | 'RolledBack' | 'Failed' | 'RollbackFailed' | 'TimedOut';
  /** SageMaker's own word. */
  readonly endpointStatus: string;
  /** Why, in a sentence; for the state machine's cause. */
  readonly reason: string;
}

export interface StatusRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** The config that was asked for. */
  readonly endpointConfigName: string;
  /** When it was asked for, ISO 8601, and how many seconds it may take. Without these, it may take for ever. */
  readonly since?: string;
  readonly timeoutSeconds?: number;
}

const IN_PROGRESS = ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'];

/**
 * How a release stands. In service alone is no success: after a rollback an endpoint is in service too, on the old
 * config.
 */
export async function releaseStatus(request: StatusRequest): Promise<StatusAnswer> {
  const { endpointName, endpointConfigName: configName } = request;
  const endpoint = await describeEndpoint(request.client, endpointName);
  if (endpoint === undefined) {
    return { state: 'Failed', endpointStatus: 'Missing', reason: `endpoint ${endpointName} does not exist (any more)` };
  }
  const endpointStatus = endpoint.EndpointStatus ?? 'unknown';
  const why = endpoint.FailureReason ?? "SageMaker gave no reason; see the endpoint's logs";
  if (IN_PROGRESS.includes(endpointStatus)) {
    return isLate(request)
      ? {
          state: 'TimedOut',
          endpointStatus,
          reason: `endpoint ${endpointName} is still ${endpointStatus} after ${request.timeoutSeconds} s; it may yet get there, and the next release waits for it`,
        }
      : { state: 'InProgress', endpointStatus, reason: `endpoint ${endpointName} is ${endpointStatus}` };
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

/** Whether what was asked for takes longer than it may. */
export function isLate({ since, timeoutSeconds }: Pick<StatusRequest, 'since' | 'timeoutSeconds'>): boolean {
  return Date.now() > Date.parse(since ?? '') + (timeoutSeconds ?? Infinity) * 1000;
}
