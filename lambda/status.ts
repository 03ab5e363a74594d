import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { releaseStatus, StatusAnswer } from './release/release-status';
import { index, text } from './support/fields';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Tells how a release stands; the state machine asks until it is no longer in progress. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<StatusAnswer & { readonly time: string }> {
  const answer = await releaseStatus({
    client,
    endpointName: text(event, 'endpointName'),
    endpointConfigName: text(event, 'endpointConfigName'),
    since: text(event, 'since'),
    timeoutSeconds: index(event, 'timeoutSeconds'),
  });
  return { ...answer, time: new Date().toISOString() };
}
