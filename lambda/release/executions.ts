import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';

/**
 * Whether an execution may still act: while it runs, and for as long after an end from outside as a function that it
 * had called may go on.
 */
export async function isActive(client: SFNClient, executionArn: string, lingerSeconds: number): Promise<boolean> {
  try {
    const { status, stopDate } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return true;
    return stopDate !== undefined && Date.now() - stopDate.getTime() < lingerSeconds * 1000;
  } catch (error) {
    if ((error as Error).name === 'ExecutionDoesNotExist') return false;
    throw error;
  }
}
