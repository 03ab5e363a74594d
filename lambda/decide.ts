import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Decision, decideBuild } from './decide/decide-build';
import { variable } from './support/environment';
import { machineOf } from './support/executions';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openStore, s3 } from './support/stores';

const client = new SageMakerClient({ maxAttempts: 8 });
const states = new SFNClient({ maxAttempts: 8 });

/** Finds out what of a build has to be done, because what is released was made from other inputs. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Decision> {
  const earlier = fields(fields(event, 'state'), 'decision');
  return decideBuild({
    client,
    states,
    releaseMachineArn: text(event, 'releaseMachineArn'),
    buildMachineArn: machineOf(text(event, 'execution')),
    inputsDigest: variable('INPUTS_DIGEST'),
    ledger: openLedger(event),
    s3,
    openStore,
    bucket: text(event, 'bucket'),
    modelName: text(event, 'model'),
    endpointName: text(event, 'endpointName'),
    compression: text(event, 'compression'),
    training: event.training === undefined ? undefined : text(event, 'training'),
    group: text(event, 'group'),
    gates: text(event, 'gates'),
    evaluation: event.evaluation === undefined ? undefined : text(event, 'evaluation'),
    isManual: text(event, 'approval') !== 'Approved',
    judged: earlier.action === 'judge' ? text(earlier, 'artifact') : undefined,
  });
}
