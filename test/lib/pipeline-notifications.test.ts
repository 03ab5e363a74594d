import { Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ModelPipeline, NotificationOptions } from '../../lib';
import { newStack, pipelineProps } from './support/pipelines';

function template(options?: (stack: ReturnType<typeof newStack>) => NotificationOptions): Template {
  const stack = newStack();
  new ModelPipeline(stack, 'Pipeline', pipelineProps({ notifications: options?.(stack) }));
  return Template.fromStack(stack);
}

const TOPIC_ARN = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/alerts';

test('a topic of its own is encrypted, and hears of every end but success of all machines', () => {
  const made = template();
  const topic = { Ref: Match.stringLikeRegexp('NotificationsTopic') };
  made.hasResourceProperties('AWS::SNS::Topic', {
    KmsMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('ModelsKey'), 'Arn'] },
  });
  made.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: {
        stateMachineArn: [
          { Ref: Match.stringLikeRegexp('BuildMachine') },
          { Ref: Match.stringLikeRegexp('ReleaseMachine') },
          { Ref: Match.stringLikeRegexp('LeftBehindMachine') },
        ],
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
      },
    },
    State: 'ENABLED',
  });
  made.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    DestinationConfig: { OnFailure: { Destination: topic } },
  });
});

test('a given topic is used with its key, and none is made', () => {
  const made = template((stack) => ({
    topic: Topic.fromTopicAttributes(stack, 'Alerts', { topicArn: TOPIC_ARN, keyArn: KEY_ARN }),
  }));
  made.resourceCountIs('AWS::SNS::Topic', 0);
  made.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Action: 'sns:Publish', Resource: TOPIC_ARN }),
        Match.objectLike({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: KEY_ARN }),
      ]),
    },
  });
});
