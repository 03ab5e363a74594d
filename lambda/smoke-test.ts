import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { Ask } from './release/ask';
import { askAsync } from './release/ask-async';
import { askAtOnce } from './release/ask-at-once';
import { parseGoldenRequests } from './release/golden-requests';
import { NoArtifactError } from './release/release-errors';
import { runSmokeTest, SmokeTestAnswer } from './release/run-smoke-test';
import { wakeComponent } from './release/wake-component';
import { fields, text } from './support/fields';
import { openStore, s3 } from './support/stores';

/** The stack refuses to pack more. */
const MAX_BYTES = 64 * 1024 * 1024;

/** For answers that come later, and for copies; the function itself has 15 minutes. */
const PATIENCE_MS = 14 * 60 * 1000;

const client = new SageMakerRuntimeClient({ maxAttempts: 8 });
const sageMaker = new SageMakerClient({ maxAttempts: 8 });

/** Asks the endpoint what it must know, and compares. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<SmokeTestAnswer> {
  const golden = fields(event, 'golden');
  const file = await openStore(`s3://${text(golden, 'bucket')}/`).get(text(golden, 'key'), MAX_BYTES);
  if (file === undefined) {
    throw new NoArtifactError(
      `the golden requests s3://${text(golden, 'bucket')}/${text(golden, 'key')} are gone; deploy the stack again`,
    );
  }
  const deadline = Date.now() + PATIENCE_MS;
  if (event.inferenceComponent === true) await requireCopy(text(event, 'endpointName'), deadline);
  return runSmokeTest(wayToAsk(event, deadline), parseGoldenRequests(Buffer.from(file).toString()));
}

/** A model is tried even where nobody has asked it for so long that no copy is left. */
async function requireCopy(endpointName: string, deadline: number): Promise<void> {
  if (await wakeComponent(sageMaker, endpointName, deadline)) return;
  throw new Error(
    `inference component ${endpointName} got no copy in time; see whether the instances have room for one, and its logs`,
  );
}

function wayToAsk(event: Readonly<Record<string, unknown>>, deadline: number): Ask {
  const endpointName = text(event, 'endpointName');
  if (event.requests === undefined)
    return askAtOnce(client, endpointName, event.inferenceComponent === true ? endpointName : undefined);
  return askAsync({
    runtime: client,
    s3,
    endpointName,
    requests: text(event, 'requests'),
    deadline,
  });
}
