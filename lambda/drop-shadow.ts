import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DropAnswer, dropShadow } from './release/drop-shadow';
import { requireTurn } from './release/turn';
import { text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Takes the new model out of the shadow, whatever it came to there. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<DropAnswer & { readonly since: string }> {
  const { good } = await requireTurn(openLedger(event), text(event, 'execution'));
  const answer = await dropShadow(client, text(event, 'endpointName'), good, openScaling(event));
  return { ...answer, since: new Date().toISOString() };
}
