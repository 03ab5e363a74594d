import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { release, ReleaseAnswer } from './release/release-model';
import { ReleaseSpecification } from './release/release-specification';
import { requireTurn } from './release/turn';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Serves a finished artifact under the endpoint's name; with an older artifact, that is the way back. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<ReleaseAnswer & { readonly since: string }> {
  await requireTurn(openLedger(event), text(event, 'execution'));
  const answer = await release({
    client,
    endpointName: text(event, 'endpointName'),
    artifact: text(event, 'artifact'),
    specification: fields(event, 'specification') as unknown as ReleaseSpecification,
    ignoreAlarms: event.ignoreAlarms === true,
    scaling: openScaling(event),
  });
  return { ...answer, since: new Date().toISOString() };
}
