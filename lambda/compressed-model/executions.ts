import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { createHash } from 'node:crypto';
import { Deployment, executionPrefix } from './deployment';

export const states = new SFNClient({ maxAttempts: 8 });

/**
 * Starts compressing. The execution is named after the build and CloudFormation's request: a request that is delivered
 * twice starts nothing twice, and a deployment that is tried again starts anew.
 *
 * @returns ARN of the execution
 */
export async function startCompression(deployment: Deployment, build: string, requestId: string): Promise<string> {
  const { stateMachineArn, source } = deployment;
  const name = `${executionPrefix(build)}-${createHash('sha256').update(requestId).digest('hex').slice(0, 8)}`;
  try {
    const input = JSON.stringify({ source, build });
    const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    return executionArn!;
  } catch (error) {
    if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
    return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }
}
