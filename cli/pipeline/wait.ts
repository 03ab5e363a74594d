import { SFNClient } from '@aws-sdk/client-sfn';
import { ModelError } from '../../lambda/engine/errors';
import { ExecutionFailedError } from '../../executions/execution-failure';
import { FinishedExecution, followExecution } from '../../executions/follow-execution';
import { Terminal } from '../terminal';

/** How often an execution is looked at, in milliseconds: builds take minutes, and the service limits looks. */
const INTERVAL = 5000;
const LOCAL_INTERVAL = 250;

/**
 * Waits for the end of an execution and tells each state that it enters.
 *
 * @throws ModelError naming the state that failed, and why.
 */
export async function waitFor(
  client: SFNClient,
  executionArn: string,
  what: string,
  terminal: Terminal,
): Promise<FinishedExecution> {
  const entered = (state: string): void => void terminal.stderr.write(`${what}: ${state}\n`);
  const watcher = { entered, exited: () => undefined, failed: () => undefined };
  const interval = process.env.AWS_ENDPOINT_URL === undefined ? INTERVAL : LOCAL_INTERVAL;
  try {
    return await followExecution(client, executionArn, watcher, undefined, interval);
  } catch (error) {
    if (error instanceof ExecutionFailedError) throw new ModelError(`the ${what} failed: ${error.message}`);
    throw error;
  }
}
