import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { LedgerStore } from './ledger';
import { provenArtifact } from './released-artifact';
import { endTurn, requireTurn, Turn } from './turn';

export interface KeptRelease {
  readonly client: SageMakerClient;
  readonly ledger: LedgerStore;
  /** ARN of the execution, which has the turn. */
  readonly execution: string;
  /** Address of the artifact that it releases again. */
  readonly artifact: string;
}

/**
 * Keeps the turn of a release that is to release again what serves, because its endpoint's specification changed. Where
 * another artifact serves by now, that one stays, and the turn is given back: whoever released it did so with the
 * specification that is deployed, or comes after this.
 */
export async function keepTurn({ client, ledger, execution, artifact }: KeptRelease): Promise<Turn> {
  const serves = await provenArtifact(client, await requireTurn(ledger, execution));
  if (serves === undefined || serves === artifact) {
    return { decision: 'Release', reason: 'it is the turn of this release, and nothing else serves' };
  }
  await endTurn(ledger, execution);
  return { decision: 'Superseded', reason: `${serves} serves by now, and no longer ${artifact}` };
}
