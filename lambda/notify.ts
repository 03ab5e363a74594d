import { SFNClient } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { failedState } from './notify/failed-state';
import { approvalMessage } from './notify/approval-message';
import { failureMessage, Message, Pipeline } from './notify/message';
import { readStatusEvent, StatusEvent } from './notify/status-event';
import { variable } from './support/environment';

const states = new SFNClient({ maxAttempts: 8 });
const topics = new SNSClient({ maxAttempts: 8 });

/** Tells people, by a topic, what became of an execution; called by EventBridge. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<void> {
  const pipeline = {
    modelName: variable('MODEL_NAME'),
    endpointName: variable('ENDPOINT_NAME'),
    buildMachineArn: variable('BUILD_MACHINE_ARN'),
    releaseMachineArn: variable('RELEASE_MACHINE_ARN'),
  };
  const status = readStatusEvent(event);
  const message =
    status.status === 'SUCCEEDED' ? approvalMessage(pipeline, status) : await tellFailure(pipeline, status);
  if (message === undefined) return;
  const attribute = (value: string): { DataType: string; StringValue: string } => ({
    DataType: 'String',
    StringValue: value,
  });
  await topics.send(
    new PublishCommand({
      TopicArn: variable('TOPIC_ARN'),
      Subject: message.subject,
      Message: message.text,
      MessageAttributes: {
        kind: attribute(message.kind),
        machine: attribute(message.machine),
        model: attribute(pipeline.modelName),
      },
    }),
  );
}

async function tellFailure(pipeline: Pipeline, status: StatusEvent): Promise<Message> {
  // The state's name is worth a try; that something failed must be told in any case.
  const state = await failedState(states, status.executionArn, status.error).catch((error: Error) => {
    console.warn(`the history of ${status.executionArn} cannot be read: ${error.message}`);
    return undefined;
  });
  return failureMessage(pipeline, status, state);
}
