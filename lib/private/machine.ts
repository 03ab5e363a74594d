import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, IChainable, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeInlinePolicies, acknowledgePolicy } from './acknowledge';

export interface MachineProps {
  readonly start: IChainable;
  readonly comment: string;
  readonly logEncryptionKey?: IKey;
  /** @default - none; what the machine waits for ends by itself */
  readonly timeout?: Duration;
}

/** A state machine with log, tracing, and a role that only machines of this account can take. */
export function createMachine(scope: Construct, id: string, props: MachineProps): StateMachine {
  const stack = Stack.of(scope);
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal('states.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'states', resource: '*' }) },
      },
    }),
  });
  acknowledgeInlinePolicies(role);
  acknowledge(role, {
    'AwsSolutions-IAM5[Resource::*]':
      'Log deliveries and X-Ray segments are no resources that a permission could name.',
  });
  const machine = new StateMachine(scope, id, {
    definitionBody: DefinitionBody.fromChainable(props.start),
    stateMachineType: StateMachineType.STANDARD,
    comment: props.comment,
    role,
    timeout: props.timeout,
    tracingEnabled: true,
    logs: {
      destination: new LogGroup(scope, `${id}Logs`, {
        encryptionKey: props.logEncryptionKey,
        retention: RetentionDays.SIX_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      level: LogLevel.ALL,
      includeExecutionData: true,
    },
  });
  const map = machine.node.tryFindChild('DistributedMapPolicy');
  if (map !== undefined) {
    acknowledgeInlinePolicies(map);
    acknowledgePolicy(map, 'The runs of the Distributed Map; they are named after the machine and belong to it.');
  }
  return machine;
}
