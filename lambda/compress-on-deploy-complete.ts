import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { buildOf, readDeployment } from './compressed-model/deployment';
import { LONGEST_SECONDS, TooLongError } from './compressed-model/duration';
import { states } from './compressed-model/executions';
import { removeBuilds } from './compressed-model/remove-builds';
import { readManifest } from './engine/manifest';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

interface Answer {
  readonly IsComplete: boolean;
  readonly Data?: Readonly<Record<string, string>>;
}

/**
 * Tells CloudFormation whether the artifact is complete, and stops what takes longer than a deployment can wait for; at a
 * deletion, whether all is removed that has to go.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Answer> {
  if (event.RequestType === 'Delete') return { IsComplete: await remove(event) };
  const { executionArn } = fields(event, 'Data');
  if (typeof executionArn !== 'string') return complete(text(event, 'PhysicalResourceId'));
  const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
  if (execution.status === 'SUCCEEDED') return complete(text(event, 'PhysicalResourceId'));
  if (execution.status !== 'RUNNING') {
    const reason = [execution.error, execution.cause].filter(Boolean).join(': ');
    throw new Error(`Compressing ended as ${execution.status}: ${reason || 'no reason was given'} (${executionArn})`);
  }
  if (Date.now() - execution.startDate!.getTime() < LONGEST_SECONDS * 1000) return { IsComplete: false };
  await states.send(new StopExecutionCommand({ executionArn, error: 'TooLong', cause: 'a deployment cannot wait' }));
  const deployment = readDeployment(event);
  const bytes = (await openStore(deployment.source).list()).reduce((sum, { size }) => sum + size, 0);
  throw new TooLongError('Compressing takes too long', bytes, deployment);
}

function remove(event: Readonly<Record<string, unknown>>): Promise<boolean> {
  const deployment = readDeployment(event);
  const build = buildOf(deployment, text(event, 'PhysicalResourceId'));
  return removeBuilds(deployment, build, new Date(text(fields(event, 'Data'), 'since')));
}

async function complete(artifact: string): Promise<Answer> {
  const manifest = await readManifest(openStore(artifact));
  if (manifest === undefined) throw new Error(`${artifact} holds no manifest.json although compressing succeeded`);
  const { bytesBefore, bytesAfter } = manifest.totals;
  return { IsComplete: true, Data: { artifact, bytesBefore: `${bytesBefore}`, bytesAfter: `${bytesAfter}` } };
}
