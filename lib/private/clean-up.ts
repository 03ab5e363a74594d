import { CustomResource, Duration } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { createProvider } from './custom-resource-provider';
import { executionArns } from './grant-executions';
import { allow } from './grants';
import { HandlerFunction } from './handler-function';
import { Hosting } from './hosting';
import { Registration } from './registration';
import { allowTidying, endpointArns, ledgerPlace } from './release-places';
import { allowScaling } from './allow-scaling';

export interface CleanUpProps {
  readonly endpointName: string;
  readonly buildMachine: StateMachine;
  readonly releaseMachine: StateMachine;
  /** Comes by behind builds that failed, and makes nothing. */
  readonly leftBehindMachine: StateMachine;
  readonly models: IModelBucket;
  readonly hosting: Hosting;
  readonly registration: Registration;
}

/** Longer than any function goes on that starts executions, or makes what the clean-up removes; clocks differ. */
const LINGER = Duration.minutes(3);

/**
 * Does nothing until it is deleted; then stops what runs and removes the endpoint, every config and model that the
 * pipeline made for it, and the builds it registered. It must depend on all that these need, so that it goes first.
 */
export class CleanUp extends Construct {
  constructor(scope: Construct, id: string, props: CleanUpProps) {
    super(scope, id);
    const { buildMachine, endpointName, hosting, models, releaseMachine } = props;
    const { componentName, scaling } = hosting;
    const provider = createProvider(this, 'Provider', {
      onEvent: this.createStop(props),
      isComplete: this.createRemoval(props),
      logEncryptionKey: models.logEncryptionKey,
    });
    new CustomResource(this, 'Resource', {
      resourceType: 'Custom::ModelpressCleanUp',
      serviceToken: provider.serviceToken,
      properties: {
        endpointName,
        stateMachineArns: machinesOf(props).map((machine) => machine.stateMachineArn),
        buildMachineArn: buildMachine.stateMachineArn,
        releaseMachineArn: releaseMachine.stateMachineArn,
        ledger: ledgerPlace(models, endpointName),
        ...(scaling === undefined ? {} : { scaling }),
        ...(componentName === undefined ? {} : { inferenceComponent: componentName }),
        modelPackageGroup: endpointName,
      },
    });
  }

  private createStop(props: CleanUpProps): HandlerFunction {
    const { endpointName, models } = props;
    const stop = new HandlerFunction(this, 'Stop', {
      handler: 'clean-up',
      description: `Stops builds and releases for the endpoint ${endpointName} when the stack is deleted`,
      timeout: Duration.minutes(5),
      logEncryptionKey: models.logEncryptionKey,
    });
    allowStopping(stop.role, machinesOf(props));
    return stop;
  }

  private createRemoval(props: CleanUpProps): HandlerFunction {
    const { buildMachine, endpointName, hosting, models, registration, releaseMachine } = props;
    const remove = new HandlerFunction(this, 'Remove', {
      handler: 'clean-up-complete',
      description: `Removes the endpoint ${endpointName} with the stack`,
      timeout: Duration.minutes(5),
      logEncryptionKey: models.logEncryptionKey,
      environment: { LINGER_SECONDS: `${LINGER.toSeconds()}` },
    });
    allowStopping(remove.role, [buildMachine, releaseMachine]);
    const { component, endpoint } = endpointArns(this, endpointName);
    allow(remove.role, { actions: ['sagemaker:DeleteEndpoint'], resources: [endpoint] });
    if (hosting.componentName !== undefined) {
      const actions = ['sagemaker:DescribeInferenceComponent', 'sagemaker:DeleteInferenceComponent'];
      allow(remove.role, { actions, resources: [component] });
    }
    allowTidying(this, remove.role, endpointName);
    if (hosting.scaling !== undefined)
      allowScaling(this, remove.role, hosting.scaled, ['application-autoscaling:DeregisterScalableTarget']);
    registration.allowRemoval(remove);
    allow(remove.role, {
      actions: ['s3:DeleteObject'],
      resources: [models.bucket.arnForObjects(ledgerPlace(models, endpointName).key)],
    });
    return remove;
  }
}

function machinesOf({ buildMachine, releaseMachine, leftBehindMachine }: CleanUpProps): StateMachine[] {
  return [buildMachine, releaseMachine, leftBehindMachine];
}

function allowStopping(role: IRole, machines: readonly StateMachine[]): void {
  allow(role, { actions: ['states:ListExecutions'], resources: machines.map((machine) => machine.stateMachineArn) });
  allow(role, {
    actions: ['states:StopExecution'],
    resources: machines.map((machine) => executionArns(machine)),
    wildcardReason: 'The executions of the machines of this pipeline, whose names come with each build.',
  });
}
