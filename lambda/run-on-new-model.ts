import { SFNClient } from '@aws-sdk/client-sfn';
import { findNewestModel } from './new-model/newest-model';
import { executionName } from './new-model/source-model';
import { variable } from './support/environment';
import { startOnce } from './support/start-once';
import { openStore, s3 } from './support/stores';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Builds the newest model that is complete. The event tells only that something was uploaded: that it comes twice, late
 * or after a later one changes nothing, because what is built, and its execution's name, follow from what lies there.
 */
export async function handler(): Promise<{ source?: string; executionName?: string; started: boolean }> {
  const model = await findNewestModel({
    s3,
    openStore,
    bucket: variable('BUCKET'),
    prefix: variable('PREFIX'),
    marker: process.env.MARKER,
    format: variable('FORMAT'),
  });
  if (model === undefined) return { started: false };
  const source = model.address;
  const name = executionName(model, variable('INPUTS_DIGEST'));
  const started = await startOnce(client, variable('STATE_MACHINE_ARN'), name, { source });
  return { source, executionName: name, started };
}
