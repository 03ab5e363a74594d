import {
  DescribeExecutionCommand,
  HistoryEvent,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { readableCause } from '../lambda/support/readable-cause';

export interface Failure {
  /** The state that failed, not the one that cleaned up after it. */
  readonly state: string;
  readonly error: string;
  /** For people: the message inside whatever envelope the service put around it. */
  readonly cause: string;
  /** The cause as the service gave it. */
  readonly rawCause: string;
}

/** An execution did not succeed. */
export class ExecutionFailedError extends Error {
  override readonly name = 'ExecutionFailed';

  constructor(
    readonly executionArn: string,
    readonly failure: Failure,
  ) {
    super(`${failure.state} failed with ${failure.error}: ${failure.cause}`);
  }
}

/**
 * Finds the state that made an execution fail. A machine may catch an error, clean up, and only then fail, so the state
 * that was open at the end is the last guess: first come the map's children, then the tasks that failed for good.
 */
export async function findFailure(
  states: SFNClient,
  executionArn: string,
  events: readonly HistoryEvent[],
  ended: { readonly error: string; readonly cause: string },
): Promise<Failure> {
  const tasks = failedTasks(events);
  const found =
    tasks.find((task) => task.error === ended.error) ??
    (await failedMapChild(states, executionArn, events)) ??
    tasks[0];
  const last = [...events].reverse().find((event) => event.stateEnteredEventDetails)?.stateEnteredEventDetails?.name;
  const { state, error, cause } = found ?? { state: last ?? 'the execution', ...ended };
  return { state, error, cause: readableCause(cause) || 'no cause was given', rawCause: cause };
}

interface Raw {
  readonly state: string;
  readonly error: string;
  readonly cause: string;
}

/** The last failure of each visit of a task that did not succeed in a later attempt. */
function failedTasks(events: readonly HistoryEvent[]): Raw[] {
  const failures: Raw[] = [];
  let state = '';
  let failure: Raw | undefined;
  for (const event of events) {
    if (event.stateEnteredEventDetails?.name !== undefined) {
      if (failure !== undefined) failures.push(failure);
      state = event.stateEnteredEventDetails.name;
      failure = undefined;
    }
    const details =
      event.taskFailedEventDetails ?? event.taskTimedOutEventDetails ?? event.lambdaFunctionFailedEventDetails;
    if (details !== undefined) failure = { state, error: details.error ?? '', cause: details.cause ?? '' };
    if (event.type === 'TaskSucceeded') failure = undefined;
  }
  if (failure !== undefined) failures.push(failure);
  return failures;
}

/** A Distributed Map says only that too many items failed; the reason is in one of its children. */
async function failedMapChild(
  states: SFNClient,
  executionArn: string,
  events: readonly HistoryEvent[],
): Promise<Raw | undefined> {
  const maps = events.filter((event) => event.type === 'MapStateEntered');
  if (maps.length === 0) return undefined;
  const { mapRuns = [] } = await states.send(new ListMapRunsCommand({ executionArn }));
  for (const { mapRunArn } of mapRuns) {
    const { executions = [] } = await states.send(
      new ListExecutionsCommand({ mapRunArn, statusFilter: 'FAILED', maxResults: 1 }),
    );
    if (executions[0] === undefined) continue;
    const child = await states.send(new DescribeExecutionCommand({ executionArn: executions[0].executionArn }));
    const state = maps[maps.length - 1].stateEnteredEventDetails?.name ?? 'Map';
    return { state, error: child.error ?? '', cause: child.cause ?? '' };
  }
  return undefined;
}
