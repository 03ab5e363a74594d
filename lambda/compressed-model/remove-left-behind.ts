import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { variable } from '../support/environment';
import { Deployment } from './deployment';

const functions = new LambdaClient({ maxAttempts: 8 });

/** Has the function remove what an execution left behind that may: long after, nothing of the execution goes on. */
export async function removeLeftBehind(
  { bucket, model, stateMachineArn }: Deployment,
  execution: string,
): Promise<void> {
  const event = { execution, bucket, model, lingerSeconds: 0, stateMachineArn };
  const { FunctionError, Payload } = await functions.send(
    new InvokeCommand({
      FunctionName: variable('LEFT_BEHIND_FUNCTION'),
      Payload: Buffer.from(JSON.stringify(event)),
    }),
  );
  if (FunctionError === undefined) return;
  const cause = Buffer.from(Payload ?? []).toString();
  throw new Error(`what ${execution} left behind could not be removed; mend the cause and delete again: ${cause}`);
}
