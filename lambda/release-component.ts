import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { releaseComponent, ReleaseComponentAnswer } from './release/release-component';
import { ReleaseSpecification } from './release/release-specification';
import { requireTurn } from './release/turn';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Runs a release's model in the endpoint's inference component, once the endpoint is in service. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<ReleaseComponentAnswer & { readonly since: string }> {
  await requireTurn(openLedger(event), text(event, 'execution'));
  const answer = await releaseComponent({
    client,
    endpointName: text(event, 'endpointName'),
    modelName: text(event, 'modelName'),
    specification: fields(event, 'specification') as unknown as ReleaseSpecification,
    ignoreAlarms: event.ignoreAlarms === true,
    scaling: openScaling(event),
  });
  return { ...answer, since: new Date().toISOString() };
}
