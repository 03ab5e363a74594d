import { DescribeExecutionCommand, ExecutionStatus, SFNClient } from '@aws-sdk/client-sfn';
import { startOnce } from './start-once';

/** An execution that does what was asked for. */
export interface Started {
  readonly executionArn: string;
  readonly name: string;
  /** Whether this call started it; otherwise it was there already. */
  readonly started: boolean;
  readonly status: ExecutionStatus;
}

/** As many attempts at the same thing are passed over. Step Functions keeps names for 90 days. */
const MOST_ATTEMPTS = 100;

/**
 * Starts an execution, or joins the newest of that name, which does the same. The first has the name itself, those that
 * follow it `<name>-2`, `<name>-3`, …
 *
 * @param isDone whether the newest, which has succeeded, did what is asked for; otherwise another follows it, as one
 *   follows an execution that failed
 * @throws Error where so many were made that this is no use any more.
 */
export async function startOrJoin(
  client: SFNClient,
  stateMachineArn: string,
  baseName: string,
  input: Readonly<Record<string, unknown>>,
  isDone: (newest: Started) => boolean = () => true,
): Promise<Started> {
  let newest: Started | undefined;
  const isEnough = (found: Started): boolean =>
    found.status === 'RUNNING' || (found.status === 'SUCCEEDED' && isDone(found));
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const name = attempt === 1 ? baseName : `${baseName}-${attempt}`;
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const status = await statusOf(client, executionArn);
    if (status === undefined) {
      if (newest !== undefined && isEnough(newest)) return newest;
      // One that is there now, and was not a moment ago, has begun just then.
      const started = await startOnce(client, stateMachineArn, name, input);
      return { executionArn, name, started, status: 'RUNNING' };
    }
    newest = { executionArn, name, started: false, status };
  }
  if (isEnough(newest!)) return newest!;
  throw new Error(
    `${newest!.name} is the last of ${MOST_ATTEMPTS} attempts at the same build, which have all ended; ` +
      'see why, and start one by hand under another name',
  );
}

async function statusOf(client: SFNClient, executionArn: string): Promise<ExecutionStatus | undefined> {
  try {
    return (await client.send(new DescribeExecutionCommand({ executionArn }))).status;
  } catch (error) {
    if ((error as Error).name !== 'ExecutionDoesNotExist') throw error;
    return undefined;
  }
}
