import { createHash } from 'node:crypto';
import { SFNClient } from '@aws-sdk/client-sfn';
import { fields, text } from './support/fields';
import { startOnce } from './support/start-once';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Custom resource: starts the build machine when the stack is made or the build's inputs change, and does not wait. The
 * execution is named after the inputs and CloudFormation's request: a request that is delivered twice starts nothing
 * twice, and a deployment that goes back to earlier inputs brings them back.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const properties = fields(event, 'ResourceProperties');
  const stateMachineArn = text(properties, 'stateMachineArn');
  const inputs = text(properties, 'executionName');
  const PhysicalResourceId = (event.PhysicalResourceId as string | undefined) ?? stateMachineArn;
  const before = fields(event, 'OldResourceProperties').executionName;
  if (event.RequestType === 'Delete' || inputs === before) return { PhysicalResourceId };
  const request = createHash('sha256').update(text(event, 'RequestId')).digest('hex').slice(0, 8);
  const executionName = `${inputs}-${request}`;
  await startOnce(client, stateMachineArn, executionName, { ifChanged: true });
  return { PhysicalResourceId, Data: { executionName } };
}
