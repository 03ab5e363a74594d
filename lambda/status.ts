import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { componentStatus } from './release/component-status';
import { releaseStatus, StatusAnswer } from './release/release-status';
import { index, text } from './support/fields';

const client = new SageMakerClient({ maxAttempts: 8 });

/**
 * Tells how a release stands, of an endpoint or, with `modelName`, of its inference component; the state machine asks
 * until it is no longer in progress.
 */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<StatusAnswer & { readonly time: string }> {
  const asked = {
    client,
    endpointName: text(event, 'endpointName'),
    since: text(event, 'since'),
    timeoutSeconds: index(event, 'timeoutSeconds'),
  };
  const answer =
    event.modelName === undefined
      ? await releaseStatus({ ...asked, endpointConfigName: text(event, 'endpointConfigName') })
      : await componentStatus({ ...asked, modelName: text(event, 'modelName') });
  return { ...answer, time: new Date().toISOString() };
}
