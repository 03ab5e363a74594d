import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { parseGoldenRequests } from './release/golden-requests';
import { NoArtifactError } from './release/release-errors';
import { runSmokeTest, SmokeTestAnswer } from './release/run-smoke-test';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

/** The stack refuses to pack more. */
const MAX_BYTES = 64 * 1024 * 1024;

const client = new SageMakerRuntimeClient({ maxAttempts: 8 });

/** Asks the endpoint what it must know, and compares. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<SmokeTestAnswer> {
  const golden = fields(event, 'golden');
  const file = await openStore(`s3://${text(golden, 'bucket')}/`).get(text(golden, 'key'), MAX_BYTES);
  if (file === undefined) {
    throw new NoArtifactError(
      `the golden requests s3://${text(golden, 'bucket')}/${text(golden, 'key')} are gone; deploy the stack again`,
    );
  }
  return runSmokeTest(client, text(event, 'endpointName'), parseGoldenRequests(Buffer.from(file).toString()));
}
