import { SFNClient } from '@aws-sdk/client-sfn';
import { findNewestModel } from './new-model/newest-model';
import { executionName, uploadedAt } from './new-model/source-model';
import { variable } from './support/environment';
import { fields, text } from './support/fields';
import { startOnce } from './support/start-once';
import { openStore, s3 } from './support/stores';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Builds the newest model that is complete, if what was uploaded is a part of it. What is built, and its execution's name,
 * follow from what lies there, so an event that comes twice, late or after a later one changes nothing, and retries no
 * build that has failed. A model that is uploaded again has another name, even with the same content, and is built.
 */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<{ source?: string; executionName?: string; started: boolean }> {
  const uploaded = text(fields(fields(event, 'detail'), 'object'), 'key');
  const model = await findNewestModel({
    s3,
    openStore,
    bucket: variable('BUCKET'),
    prefix: variable('PREFIX'),
    marker: process.env.MARKER,
    format: variable('FORMAT'),
  });
  // Another model was seen to when it came. By now it may have another name, because the recipe is another, and something
  // newer may serve.
  if (model === undefined || !model.files.some(({ key }) => key === uploaded)) return { started: false };
  const source = model.address;
  const name = executionName(model, variable('INPUTS_DIGEST'));
  // As old as the upload, not as the event: one that comes late is no newer than what was trained or deployed meanwhile.
  const begun = new Date(uploadedAt(model)).toISOString();
  const started = await startOnce(client, variable('STATE_MACHINE_ARN'), name, { source, begun });
  return { source, executionName: name, started };
}
