import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeInlinePolicies, acknowledgePolicy } from './acknowledge';
import { createFunctionRole } from './function-role';
import { HandlerFunction } from './handler-function';

export interface CustomResourceProviderProps {
  readonly onEvent: HandlerFunction;
  /** Asked until it answers that all is done. @default - it is done when `onEvent` returns */
  readonly isComplete?: HandlerFunction;
  readonly logEncryptionKey?: IKey;
}

/** Puts handlers behind CloudFormation's protocol. */
export function createProvider(scope: Construct, id: string, props: CustomResourceProviderProps): Provider {
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    encryptionKey: props.logEncryptionKey,
    retention: RetentionDays.SIX_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const eventRole = createFunctionRole(scope, `${id}EventRole`, logGroup);
  const waitRole = props.isComplete && createFunctionRole(scope, `${id}WaitRole`, logGroup);
  const provider = new Provider(scope, id, {
    onEventHandler: props.onEvent.function,
    frameworkOnEventRole: eventRole,
    logGroup,
    ...(props.isComplete === undefined
      ? {}
      : {
          isCompleteHandler: props.isComplete.function,
          frameworkCompleteAndTimeoutRole: waitRole,
          queryInterval: Duration.seconds(15),
          totalTimeout: Duration.hours(1),
          disableWaiterStateMachineLogging: true,
        }),
  });
  acknowledgeFramework(provider, waitRole === undefined ? [eventRole] : [eventRole, waitRole]);
  return provider;
}

/** The functions and the machine between CloudFormation and a handler are the CDK's own; these rules judge its choices. */
function acknowledgeFramework(provider: Provider, roles: readonly Role[]): void {
  const idle = 'Made by the CDK; runs only while CloudFormation deploys or deletes the stack.';
  acknowledgeInlinePolicies(provider);
  for (const scope of [provider, ...roles]) {
    acknowledgePolicy(scope, `${idle} The CDK lets it call the versions of exactly one function, too.`);
  }
  acknowledge(provider, {
    'AwsSolutions-L1': `${idle} The CDK chooses the newest runtime that every region has.`,
    'AwsSolutions-SF1': `${idle} It only polls; the handler logs everything.`,
    'AwsSolutions-SF2': `${idle} It only polls; there is nothing to trace.`,
    'NIST.800.53.R5-LambdaConcurrency': idle,
    'NIST.800.53.R5-LambdaDLQ': `${idle} CloudFormation is told of every failure.`,
    'NIST.800.53.R5-LambdaInsideVPC': `${idle} It opens no port and calls AWS APIs only.`,
  });
}
