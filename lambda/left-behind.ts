import { SFNClient } from '@aws-sdk/client-sfn';
import { giveUp } from './left-behind/give-up';
import { isActive } from './release/executions';
import { buildName } from './support/build-name';
import { index, text } from './support/fields';
import { openStore, s3 } from './support/stores';

const states = new SFNClient({ maxAttempts: 8 });

/**
 * Removes what a build left behind that failed, was stopped or timed out, long after: Abort does not come to run for all
 * of them, and functions that were called may outlast it. A build that goes on, or went on not long ago, is left alone:
 * its own end is told, too.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ removed: boolean }> {
  const execution = text(event, 'execution');
  if (await isActive(states, execution, index(event, 'lingerSeconds'))) return { removed: false };
  const build = buildName(execution.slice(execution.lastIndexOf(':') + 1));
  const work = `s3://${text(event, 'bucket')}/work/${text(event, 'model')}/${build}/`;
  return { removed: await giveUp({ s3, openStore, work }) };
}
