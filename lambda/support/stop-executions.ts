import { paginateListExecutions, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';

/** These did not end by themselves, so functions that they had called may go on. */
const CUT_OFF = ['ABORTED', 'TIMED_OUT'];

/**
 * Stops what runs of a machine, so that nothing is made again while its stack is deleted.
 *
 * @param lingerSeconds How long a function may go on after its execution was cut off.
 * @returns whether nothing of the machine can act any more: nothing ran, and no function of what did can go on
 */
export async function stopExecutions(client: SFNClient, stateMachineArn: string, lingerSeconds = 0): Promise<boolean> {
  let isQuiet = true;
  // All of them: what ended last may have been started first.
  for await (const { executions = [] } of paginateListExecutions({ client }, { stateMachineArn })) {
    for (const { executionArn, status, stopDate } of executions) {
      const mayGoOn = stopDate !== undefined && Date.now() - stopDate.getTime() < lingerSeconds * 1000;
      if (CUT_OFF.includes(status!) && mayGoOn) isQuiet = false;
      if (status !== 'RUNNING') continue;
      isQuiet = false;
      await client.send(
        new StopExecutionCommand({ executionArn, error: 'StackDeleted', cause: 'the stack is being deleted' }),
      );
    }
  }
  return isQuiet;
}
