import { DescribeExecutionCommand, HistoryEvent, paginateGetExecutionHistory, SFNClient } from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecutionFailedError, findFailure } from './execution-failure';

const POLL = 250;

/** Is told of each state as it runs. Times are those of the service, in seconds. */
export interface ExecutionWatcher {
  entered(state: string): void;
  exited(state: string, seconds: number): void;
  failed(state: string, seconds: number): void;
}

export interface FinishedExecution {
  readonly executionArn: string;
  readonly output: unknown;
  readonly events: readonly HistoryEvent[];
  readonly seconds: number;
}

/**
 * Follows an execution through its history until it ends.
 *
 * @param interval milliseconds between two looks
 * @throws ExecutionFailedError naming the state that failed and why.
 */
export async function followExecution(
  states: SFNClient,
  executionArn: string,
  watcher: ExecutionWatcher,
  signal?: AbortSignal,
  interval = POLL,
): Promise<FinishedExecution> {
  const open = new Map<string, number>();
  let seen = 0;
  for (;;) {
    signal?.throwIfAborted();
    // The status is read first: an execution that has ended then has a complete history.
    const { status, startDate, stopDate, output, error, cause } = await states.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    const events = await history(states, executionArn);
    events.slice(seen).forEach((event) => tell(event, open, watcher));
    seen = events.length;
    if (status === 'RUNNING') {
      await sleep(interval);
      continue;
    }
    const end = (stopDate ?? new Date()).getTime();
    if (status === 'SUCCEEDED') {
      const seconds = (end - (startDate ?? new Date(end)).getTime()) / 1000;
      return { executionArn, output: JSON.parse(output ?? 'null'), events, seconds };
    }
    for (const [state, started] of open) watcher.failed(state, (end - started) / 1000);
    throw new ExecutionFailedError(
      executionArn,
      await findFailure(states, executionArn, events, { error: error ?? `States.${status}`, cause: cause ?? '' }),
    );
  }
}

/**
 * The execution that builds what this one has found or made: a model's build is named after the model, and whoever asks
 * for it starts or joins it. Undefined where this one did all that there was to do.
 */
export function startedBuild({ output }: FinishedExecution): string | undefined {
  return (output as { started?: { executionArn?: string } } | null)?.started?.executionArn;
}

/** The execution that a `states:startExecution` task of this one started, if there is one. */
export function startedExecution(execution: FinishedExecution): string | undefined {
  for (const event of [...execution.events].reverse()) {
    const details = event.taskSucceededEventDetails;
    if (!details?.resource?.includes('startExecution') || details.output === undefined) continue;
    const arn = (JSON.parse(details.output) as { ExecutionArn?: string }).ExecutionArn;
    if (arn !== undefined) return arn;
  }
  return undefined;
}

async function history(states: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client: states, pageSize: 500 }, { executionArn })) {
    events.push(...(page.events ?? []));
  }
  return events;
}

function tell(event: HistoryEvent, open: Map<string, number>, watcher: ExecutionWatcher): void {
  const time = event.timestamp?.getTime() ?? Date.now();
  const entered = event.stateEnteredEventDetails?.name;
  const exited = event.stateExitedEventDetails?.name;
  if (entered !== undefined) {
    open.set(entered, time);
    watcher.entered(entered);
  } else if (exited !== undefined) {
    watcher.exited(exited, (time - (open.get(exited) ?? time)) / 1000);
    open.delete(exited);
  }
}
