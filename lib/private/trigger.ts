import { Duration } from 'aws-cdk-lib';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { allow, allowKey } from './grants';
import { HandlerFunction } from './handler-function';

/** What every trigger has to know of its pipeline. */
export interface TriggerProps {
  readonly modelName: string;
  readonly models: IModelBucket;
  /** What it starts. */
  readonly machine: StateMachine;
  /** Told when the trigger itself fails. */
  readonly topic: ITopic;
}

export interface TriggerFunctionProps extends TriggerProps {
  readonly handler: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly environment?: Record<string, string>;
}

/** A function that an event calls and that may start builds. An event that it cannot handle, tried thrice, is told. */
export function createTrigger(scope: Construct, id: string, props: TriggerFunctionProps): HandlerFunction {
  const { machine, models, topic } = props;
  const trigger = new HandlerFunction(scope, id, {
    handler: props.handler,
    description: props.description,
    timeout: props.timeout,
    logEncryptionKey: models.logEncryptionKey,
    environment: { STATE_MACHINE_ARN: machine.stateMachineArn, ...props.environment },
    onFailure: { bind: () => ({ destination: topic.topicArn }) },
  });
  allow(trigger.role, { actions: ['states:StartExecution'], resources: [machine.stateMachineArn] });
  allow(trigger.role, { actions: ['sns:Publish'], resources: [topic.topicArn] });
  allowKey(trigger.role, topic.masterKey, 'write');
  return trigger;
}
