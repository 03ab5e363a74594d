import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { fields, InvalidEventError, text } from './support/fields';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Custom resource that acts on deletion alone: stops the machines, so that nothing is made again while the stack goes.
 * `clean-up-complete` then removes the endpoint and what belongs to it.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const properties = fields(event, 'ResourceProperties');
  const PhysicalResourceId = `${text(properties, 'endpointName')}-releases`;
  const machines = properties.stateMachineArns;
  if (!Array.isArray(machines)) {
    throw new InvalidEventError(`property "stateMachineArns" must be a list, received: ${JSON.stringify(machines)}`);
  }
  if (event.RequestType === 'Delete') {
    for (const machine of machines) await stopAll(String(machine));
  }
  return { PhysicalResourceId };
}

async function stopAll(stateMachineArn: string): Promise<void> {
  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }));
  for (const { executionArn } of executions ?? []) {
    await client.send(
      new StopExecutionCommand({ executionArn, error: 'StackDeleted', cause: 'the stack is being deleted' }),
    );
  }
}
