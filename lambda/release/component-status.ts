import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './components';
import { isLate, StatusAnswer } from './release-status';

export interface ComponentStatusRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** The model that was asked for. */
  readonly modelName: string;
  /** When it was asked for, ISO 8601, and how many seconds it may take. Without these, it may take for ever. */
  readonly since?: string;
  readonly timeoutSeconds?: number;
}

const IN_PROGRESS = ['Creating', 'Updating', 'Deleting'];

/**
 * How the release of an inference component stands. In service alone is no success: after a rollback a component is in
 * service too, with the old model.
 */
export async function componentStatus(request: ComponentStatusRequest): Promise<StatusAnswer> {
  const { client, endpointName, modelName } = request;
  const name = `inference component ${endpointName}`;
  const component = await describeComponent(client, endpointName);
  if (component === undefined)
    return { state: 'Failed', endpointStatus: 'Missing', reason: `${name} does not exist (any more)` };
  const endpointStatus = component.InferenceComponentStatus ?? 'unknown';
  if (IN_PROGRESS.includes(endpointStatus)) {
    return isLate(request)
      ? {
          state: 'TimedOut',
          endpointStatus,
          reason: `${name} is still ${endpointStatus} after ${request.timeoutSeconds} s; it may yet get there, and the next release waits for it`,
        }
      : { state: 'InProgress', endpointStatus, reason: `${name} is ${endpointStatus}` };
  }
  const runs = component.Specification?.ModelName;
  const why = component.FailureReason ?? "SageMaker gave no reason; see the component's logs";
  if (endpointStatus !== 'InService')
    return { state: 'Failed', endpointStatus, reason: `${name} is ${endpointStatus}: ${why}` };
  return runs === modelName
    ? { state: 'InService', endpointStatus, reason: `${name} is in service with ${modelName}` }
    : {
        state: 'RolledBack',
        endpointStatus,
        reason: `${name} went back to ${runs}, which keeps serving; ${modelName} was not released: ${why}`,
      };
}
