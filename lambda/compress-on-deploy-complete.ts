import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { readDeployment } from './compressed-model/deployment';
import { LONGEST_SECONDS, TooLongError } from './compressed-model/duration';
import { states } from './compressed-model/executions';
import { readManifest } from './engine/manifest';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

interface Answer {
  readonly IsComplete: boolean;
  readonly Data?: Readonly<Record<string, string>>;
}

/** Tells CloudFormation whether the artifact is complete; stops what takes longer than a deployment can wait for. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Answer> {
  if (event.RequestType === 'Delete') return { IsComplete: true };
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

async function complete(artifact: string): Promise<Answer> {
  const manifest = await readManifest(openStore(artifact));
  if (manifest === undefined) throw new Error(`${artifact} holds no manifest.json although compressing succeeded`);
  const { bytesBefore, bytesAfter } = manifest.totals;
  return { IsComplete: true, Data: { artifact, bytesBefore: `${bytesBefore}`, bytesAfter: `${bytesAfter}` } };
}
