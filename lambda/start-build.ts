import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { fields, text } from './support/fields';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Custom resource: starts the build machine when the stack is made or its inputs change, and does not wait. The
 * execution's name is given by the inputs, so a deployment that is tried again starts nothing twice.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const properties = fields(event, 'ResourceProperties');
  const stateMachineArn = text(properties, 'stateMachineArn');
  const name = text(properties, 'executionName');
  if (event.RequestType === 'Delete') return { PhysicalResourceId: event.PhysicalResourceId };
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn, name, input: text(properties, 'input') }));
  } catch (error) {
    if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
  }
  return { PhysicalResourceId: stateMachineArn, Data: { executionName: name } };
}
