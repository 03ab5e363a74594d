import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { restoreEndpoint, RestoreAnswer } from './release/restore-endpoint';
import { requireTurn } from './release/turn';
import { text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Takes the endpoint back from a model that failed its smoke test. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<RestoreAnswer & { readonly since: string }> {
  const { good } = await requireTurn(openLedger(event), text(event, 'execution'));
  const answer = await restoreEndpoint(client, text(event, 'endpointName'), good, openScaling(event));
  return { ...answer, since: new Date().toISOString() };
}
