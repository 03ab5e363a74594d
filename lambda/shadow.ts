import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { ReleaseSpecification } from './release/release-specification';
import { ShadowSpecification } from './release/shadow-specification';
import { ShadowAnswer, startShadow } from './release/start-shadow';
import { requireTurn } from './release/turn';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Puts a finished artifact into the shadow of the model that serves. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<ShadowAnswer & { readonly since: string }> {
  const { good } = await requireTurn(openLedger(event), text(event, 'execution'));
  const answer = await startShadow({
    client,
    endpointName: text(event, 'endpointName'),
    artifact: text(event, 'artifact'),
    specification: fields(event, 'specification') as unknown as ReleaseSpecification,
    shadow: fields(event, 'shadow') as unknown as ShadowSpecification,
    good,
    ignoreAlarms: event.ignoreAlarms === true,
    scaling: openScaling(event),
  });
  return { ...answer, since: new Date().toISOString() };
}
