import {
  DescribeExecutionCommand,
  ExecutionListItem,
  GetExecutionHistoryCommand,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { readableCause } from '../../lambda/support/readable-cause';

/** How an execution of a machine stands. */
export interface ExecutionState {
  readonly name: string;
  readonly executionArn: string;
  readonly status: string;
  readonly started: Date;
  readonly stopped?: Date;
  /** The state that was entered last. */
  readonly state?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** The newest executions of a machine, at most `limit`. */
export async function listExecutions(
  client: SFNClient,
  stateMachineArn: string,
  limit: number,
): Promise<ExecutionListItem[]> {
  const found: ExecutionListItem[] = [];
  for await (const page of paginateListExecutions({ client, pageSize: Math.min(limit, 1000) }, { stateMachineArn })) {
    found.push(...(page.executions ?? []));
    if (found.length >= limit) break;
  }
  return found.sort((a, b) => b.startDate!.getTime() - a.startDate!.getTime()).slice(0, limit);
}

/** Where an execution is, or why it failed. */
export async function describeExecution(client: SFNClient, executionArn: string): Promise<ExecutionState> {
  const [execution, history] = await Promise.all([
    client.send(new DescribeExecutionCommand({ executionArn })),
    client.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 100 })),
  ]);
  const entered = history.events?.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails !== undefined);
  return {
    name: execution.name!,
    executionArn,
    status: execution.status!,
    started: execution.startDate!,
    stopped: execution.stopDate,
    state: entered?.stateEnteredEventDetails?.name,
    error: execution.error,
    cause: execution.cause === undefined ? undefined : readableCause(execution.cause),
  };
}
