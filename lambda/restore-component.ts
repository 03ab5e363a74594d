import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { ReleaseSpecification } from './release/release-specification';
import { restoreComponent, RestoreComponentAnswer } from './release/restore-component';
import { requireTurn } from './release/turn';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Takes the endpoint's inference component back from a model that failed. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<RestoreComponentAnswer & { readonly since: string }> {
  const proven = await requireTurn(openLedger(event), text(event, 'execution'));
  const answer = await restoreComponent({
    client,
    endpointName: text(event, 'endpointName'),
    specification: fields(event, 'specification') as unknown as ReleaseSpecification,
    proven,
    scaling: openScaling(event),
  });
  return { ...answer, since: new Date().toISOString() };
}
