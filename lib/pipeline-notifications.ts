import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { executionArns } from './private/grant-executions';
import { allow, allowKey } from './private/grants';
import { HandlerFunction } from './private/handler-function';
import { ReleaseApproval } from './release-approval';

/** How people hear of what went wrong. */
export interface NotificationOptions {
  /**
   * Where messages go. Give a topic with its key (`Topic.fromTopicAttributes` with `keyArn`) if it is encrypted.
   *
   * @default - a new topic, encrypted with the bucket's key; subscribe to `pipeline.notifications.topic`
   */
  readonly topic?: ITopic;
}

/** What `PipelineNotifications` needs to know of a pipeline. */
export interface PipelineNotificationsProps extends NotificationOptions {
  /** The model's name. */
  readonly modelName: string;
  /** Name of the endpoint. */
  readonly endpointName: string;
  /** The machine that builds. */
  readonly buildMachine: IStateMachine;
  /** The machine that releases. */
  readonly releaseMachine: IStateMachine;
  /**
   * The machine that removes what builds left behind.
   *
   * @default - its failures are not told
   */
  readonly cleanUpMachine?: IStateMachine;
  /**
   * Who decides whether builds are released; a build that waits for a person is told, too.
   *
   * @default ReleaseApproval.AUTOMATIC
   */
  readonly approval?: ReleaseApproval;
  /**
   * Encrypts the new topic.
   *
   * @default - SNS' own key
   */
  readonly encryptionKey?: IKey;
  /**
   * A key that CloudWatch Logs may use.
   *
   * @default - CloudWatch Logs' own encryption
   */
  readonly logEncryptionKey?: IKey;
}

/**
 * Tells people, by an SNS topic, when a build, a release or the clean-up after a build fails, does not pass a gate, is rolled back, stopped, or
 * waits for approval, and what to do. It hears of it from Step Functions by EventBridge, so no state of a machine can fail unheard. Messages
 * carry the attributes `kind`, `machine` and `model`, for subscriptions that want only some.
 */
export class PipelineNotifications extends Construct {
  /** Where messages go. */
  public readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: PipelineNotificationsProps) {
    super(scope, id);
    const { modelName, endpointName, buildMachine, releaseMachine, cleanUpMachine } = props;
    const machines = [buildMachine, releaseMachine, ...(cleanUpMachine === undefined ? [] : [cleanUpMachine])];
    const topic = props.topic ?? new Topic(this, 'Topic', { masterKey: props.encryptionKey, enforceSSL: true });
    this.topic = topic;
    const handler = new HandlerFunction(this, 'Notify', {
      handler: 'notify',
      description: `Tells people what went wrong with builds and releases of the model ${modelName}`,
      timeout: Duration.minutes(2),
      logEncryptionKey: props.logEncryptionKey,
      environment: {
        TOPIC_ARN: topic.topicArn,
        MODEL_NAME: modelName,
        ENDPOINT_NAME: endpointName,
        BUILD_MACHINE_ARN: buildMachine.stateMachineArn,
        RELEASE_MACHINE_ARN: releaseMachine.stateMachineArn,
      },
      // Should the message itself fail, the bare event is better than silence.
      onFailure: { bind: () => ({ destination: topic.topicArn }) },
    });
    allow(handler.role, { actions: ['sns:Publish'], resources: [topic.topicArn] });
    allowKey(handler.role, topic.masterKey, 'write');
    allow(handler.role, {
      actions: ['states:GetExecutionHistory'],
      resources: machines.map((machine) => executionArns(machine)),
      wildcardReason: 'The executions of the machines of this pipeline, whose names come with each build.',
    });
    const watch = (ruleId: string, description: string, stateMachineArn: string[], status: string[]): Rule =>
      new Rule(this, ruleId, {
        description,
        eventPattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: { stateMachineArn, status },
        },
        targets: [new LambdaFunction(handler.function)],
      });
    const arns = machines.map((machine) => machine.stateMachineArn);
    const ends = ['FAILED', 'TIMED_OUT', 'ABORTED'];
    watch('Failures', `Builds and releases of the model ${modelName} that did not succeed`, arns, ends);
    if (props.approval === ReleaseApproval.MANUAL)
      watch('Builds', `Builds of the model ${modelName} that may wait for approval`, arns.slice(0, 1), ['SUCCEEDED']);
  }
}
