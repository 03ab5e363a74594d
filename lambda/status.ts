import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { releaseStatus, StatusAnswer } from './release/release-status';
import { text } from './support/fields';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Tells how a release stands; the state machine asks until it is no longer in progress. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<StatusAnswer> {
  return releaseStatus(client, text(event, 'endpointName'), text(event, 'endpointConfigName'));
}
