import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { removePackages } from './registry/remove-packages';
import { removeComponent } from './release/remove-component';
import { removeEndpoint } from './release/remove-endpoint';
import { removeConfigsAndModels } from './release/tidy-releases';
import { variable } from './support/environment';
import { fields, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';
import { stopExecutions } from './support/stop-executions';

const client = new SageMakerClient({ maxAttempts: 8 });

const states = new SFNClient({ maxAttempts: 8 });

/**
 * Removes the endpoint, what runs on it, its configs and models, what was noted of it, and its registered builds; asked
 * again until nothing is left. It does so only once nothing of the machines can act any more, and looks again afterwards:
 * a function that an execution had called before it was stopped may have started another one.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ IsComplete: boolean }> {
  if (event.RequestType !== 'Delete') return { IsComplete: true };
  const properties = fields(event, 'ResourceProperties');
  const machines = ['buildMachineArn', 'releaseMachineArn'].map((name) => text(properties, name));
  const IsComplete = (await areQuiet(machines)) && (await remove(properties)) && (await areQuiet(machines));
  return { IsComplete };
}

/** Stops what runs, of every machine. */
async function areQuiet(machines: readonly string[]): Promise<boolean> {
  const lingerSeconds = Number(variable('LINGER_SECONDS'));
  const quiet: boolean[] = [];
  for (const machine of machines) quiet.push((await stopExecutions(states, machine, { lingerSeconds })).isQuiet);
  return quiet.every((isQuiet) => isQuiet);
}

/** Answers false while the endpoint, or what runs on it, is still there. */
async function remove(properties: Readonly<Record<string, unknown>>): Promise<boolean> {
  const endpointName = text(properties, 'endpointName');
  await openScaling(properties)?.deregister();
  if (properties.inferenceComponent !== undefined && !(await removeComponent(client, endpointName))) return false;
  if (!(await removeEndpoint(client, endpointName))) return false;
  await removeConfigsAndModels(client, endpointName);
  await openLedger(properties).remove();
  await removePackages(client, text(properties, 'modelPackageGroup'));
  return true;
}
