import { SFNClient } from '@aws-sdk/client-sfn';
import { findSource } from './new-model/find-source';
import { executionName } from './new-model/source-model';
import { variable } from './support/environment';
import { machineOf } from './support/executions';
import { fields, text } from './support/fields';
import { Started, startOrJoin } from './support/start-or-join';
import { s3 } from './support/stores';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Starts the build of a raw model under the name that it has whoever asks for it, or joins it. An execution that has done
 * that build is joined once; where it was known to have ended when it was decided to build (`state.ended`, its name),
 * another follows it: something else serves by now, or what it built was refused.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Started> {
  const state = fields(event, 'state');
  const model = await findSource(s3, text(fields(state, 'raw'), 'source'));
  const machine = machineOf(text(event, 'execution'));
  const decided = fields(state, 'decision');
  const begun = decided.begun === undefined ? text(fields(state, 'prepared'), 'begun') : text(decided, 'begun');
  const input = { source: model.address, begun };
  const name = executionName(model, variable('INPUTS_DIGEST'));
  return startOrJoin(client, machine, name, input, (newest) => newest.name !== state.ended);
}
