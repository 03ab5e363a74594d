import { SFNClient } from '@aws-sdk/client-sfn';
import { fields, InvalidEventError, text } from './support/fields';
import { stopExecutions } from './support/stop-executions';

const client = new SFNClient({ maxAttempts: 8 });

/**
 * Custom resource that acts on deletion alone: stops the machines. `clean-up-complete` then stops what was being started
 * meanwhile, and removes the endpoint and what belongs to it.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const properties = fields(event, 'ResourceProperties');
  const PhysicalResourceId = `${text(properties, 'endpointName')}-releases`;
  const machines = properties.stateMachineArns;
  if (!Array.isArray(machines)) {
    throw new InvalidEventError(`property "stateMachineArns" must be a list, received: ${JSON.stringify(machines)}`);
  }
  if (event.RequestType === 'Delete') {
    for (const machine of machines) await stopExecutions(client, String(machine));
  }
  return { PhysicalResourceId };
}
