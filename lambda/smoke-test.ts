import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { Ask } from './release/ask';
import { askAsync } from './release/ask-async';
import { askAtOnce } from './release/ask-at-once';
import { parseGoldenRequests } from './release/golden-requests';
import { NoArtifactError } from './release/release-errors';
import { runSmokeTest, SmokeTestAnswer } from './release/run-smoke-test';
import { fields, text } from './support/fields';
import { openStore, s3 } from './support/stores';

/** The stack refuses to pack more. */
const MAX_BYTES = 64 * 1024 * 1024;

/** For answers that come later; the function itself has 15 minutes. */
const PATIENCE_MS = 14 * 60 * 1000;

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
  return runSmokeTest(wayToAsk(event), parseGoldenRequests(Buffer.from(file).toString()));
}

function wayToAsk(event: Readonly<Record<string, unknown>>): Ask {
  const endpointName = text(event, 'endpointName');
  if (event.requests === undefined) return askAtOnce(client, endpointName);
  return askAsync({
    runtime: client,
    s3,
    endpointName,
    requests: text(event, 'requests'),
    deadline: Date.now() + PATIENCE_MS,
  });
}
