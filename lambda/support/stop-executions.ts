import { ExecutionListItem, paginateListExecutions, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';

/** These did not end by themselves, so functions that they had called may go on. */
const CUT_OFF = ['ABORTED', 'TIMED_OUT'];

export interface StopOptions {
  /** How long a function may go on after its execution was cut off. @default 0 */
  readonly lingerSeconds?: number;
  /** What the names of those begin with that are meant. @default - all are */
  readonly prefix?: string;
}

export interface Stopped {
  /** Whether none of them can act any more: nothing ran, and no function of what did can go on. */
  readonly isQuiet: boolean;
  /** What was found; all have ended where it is quiet. */
  readonly executions: readonly ExecutionListItem[];
}

/** Stops what runs of a machine, so that nothing is made again of what is being deleted. */
export async function stopExecutions(
  client: SFNClient,
  stateMachineArn: string,
  { lingerSeconds = 0, prefix = '' }: StopOptions = {},
): Promise<Stopped> {
  let isQuiet = true;
  const found: ExecutionListItem[] = [];
  // All of them: what ended last may have been started first.
  for await (const { executions = [] } of paginateListExecutions({ client }, { stateMachineArn })) {
    for (const execution of executions) {
      const { executionArn, name, status, stopDate } = execution;
      if (!name!.startsWith(prefix)) continue;
      found.push(execution);
      const mayGoOn = stopDate !== undefined && Date.now() - stopDate.getTime() < lingerSeconds * 1000;
      if (CUT_OFF.includes(status!) && mayGoOn) isQuiet = false;
      if (status !== 'RUNNING') continue;
      isQuiet = false;
      await client.send(
        new StopExecutionCommand({ executionArn, error: 'Deleted', cause: 'what it belongs to is being deleted' }),
      );
    }
  }
  return { isQuiet, executions: found };
}
