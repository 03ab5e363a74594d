import { SFNClient } from '@aws-sdk/client-sfn';
import { endedBuild } from './left-behind/ended-build';
import { giveUp } from './left-behind/give-up';
import { index, text } from './support/fields';
import { openStore, s3 } from './support/stores';

const states = new SFNClient({ maxAttempts: 8 });

/**
 * Removes what a build left behind that failed, was stopped or timed out, long after: Abort does not come to run for all
 * of them, and functions that were called may outlast it. A build that goes on, or went on not long ago, is left alone:
 * its own end is told, too.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ removed: boolean }> {
  const build = await endedBuild(states, {
    execution: text(event, 'execution'),
    lingerSeconds: index(event, 'lingerSeconds'),
    stateMachineArn: event.stateMachineArn === undefined ? undefined : text(event, 'stateMachineArn'),
  });
  if (build === undefined) return { removed: false };
  const work = `s3://${text(event, 'bucket')}/work/${text(event, 'model')}/${build}/`;
  return { removed: await giveUp({ s3, openStore, work }) };
}
