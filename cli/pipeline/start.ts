import { DescribeExecutionCommand, ExecutionStatus, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** An execution that does what was asked for. */
export interface Started {
  readonly executionArn: string;
  readonly name: string;
  /** Whether this command started it; otherwise it was there already. */
  readonly started: boolean;
  readonly status: ExecutionStatus;
}

/** As many failed attempts at the same thing are passed over. */
const MOST_ATTEMPTS = 50;

/**
 * Starts an execution, or joins the one of that name, which does the same. Where that one failed, starts another attempt.
 */
export async function startOrJoin(
  client: SFNClient,
  stateMachineArn: string,
  baseName: string,
  input: object,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    const name = attempt === 1 ? baseName : `${baseName}-${attempt}`;
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
      return { executionArn, name, started: true, status: 'RUNNING' };
    } catch (error) {
      if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
    }
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'RUNNING' || status === 'SUCCEEDED' || attempt === MOST_ATTEMPTS) {
      return { executionArn, name, started: false, status: status! };
    }
  }
}

/** A name for what a person asked for just now, unlike any other. */
export function nameOfNow(prefix: string, now = new Date()): string {
  const time = now.toISOString().replace(/\D/g, '');
  return `${prefix}-${time.slice(0, 8)}-${time.slice(8, 17)}`;
}
