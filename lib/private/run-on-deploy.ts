import { CustomResource, Duration } from 'aws-cdk-lib';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { createProvider } from './custom-resource-provider';
import { allow } from './grants';
import { HandlerFunction } from './handler-function';

export interface RunOnDeployProps {
  readonly machine: StateMachine;
  /** Of all inputs of a build; a deployment that leaves it as it was starts nothing. */
  readonly inputsDigest: string;
  readonly logEncryptionKey?: IKey;
}

/** Starts a build when a deployment changes its inputs. Does not wait for it: a build may take longer than a deployment can. */
export class RunOnDeploy extends Construct {
  constructor(scope: Construct, id: string, props: RunOnDeployProps) {
    super(scope, id);
    const handler = new HandlerFunction(this, 'Handler', {
      handler: 'run-on-deploy',
      description: 'Starts a build after a deployment',
      timeout: Duration.minutes(1),
      logEncryptionKey: props.logEncryptionKey,
    });
    allow(handler.role, { actions: ['states:StartExecution'], resources: [props.machine.stateMachineArn] });
    new CustomResource(this, 'Resource', {
      resourceType: 'Custom::ModelpressRunOnDeploy',
      serviceToken: createProvider(this, 'Provider', { onEvent: handler, logEncryptionKey: props.logEncryptionKey })
        .serviceToken,
      properties: {
        stateMachineArn: props.machine.stateMachineArn,
        executionName: `deploy-${props.inputsDigest.slice(0, 14)}`,
      },
    });
  }
}
