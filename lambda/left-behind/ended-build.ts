import { DescribeExecutionCommand, paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import { isActive } from '../release/executions';
import { buildName } from '../support/build-name';
import { text } from '../support/fields';

export interface EndedExecution {
  /** ARN of the execution. */
  readonly execution: string;
  /** How long functions that it had called may go on. */
  readonly lingerSeconds: number;
  /** ARN of its machine, where executions may be told which build to make, and several the same one. */
  readonly stateMachineArn?: string;
}

/**
 * Names the build of an execution that has ended. Undefined where it goes on, or where another execution makes the same
 * build again: that one's own end is told, too.
 */
export async function endedBuild(
  client: SFNClient,
  { execution, lingerSeconds, stateMachineArn }: EndedExecution,
): Promise<string | undefined> {
  if (await isActive(client, execution, lingerSeconds)) return undefined;
  if (stateMachineArn === undefined) return ownBuild(execution);
  const build = await toldBuild(client, execution);
  const running = paginateListExecutions({ client }, { stateMachineArn, statusFilter: 'RUNNING' });
  for await (const { executions = [] } of running) {
    for (const { executionArn } of executions) if ((await toldBuild(client, executionArn!)) === build) return undefined;
  }
  return build;
}

/** As the machine of compression itself tells which build it makes. */
export async function toldBuild(client: SFNClient, executionArn: string): Promise<string> {
  const { input = '{}' } = await client.send(new DescribeExecutionCommand({ executionArn }));
  const told = JSON.parse(input) as Readonly<Record<string, unknown>>;
  return told.build === undefined || told.source === undefined ? ownBuild(executionArn) : text(told, 'build');
}

function ownBuild(execution: string): string {
  return buildName(execution.slice(execution.lastIndexOf(':') + 1));
}
