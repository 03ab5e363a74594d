import { Duration } from 'aws-cdk-lib';
import { IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { acknowledgeInlinePolicies, acknowledgeWildcard } from './acknowledge';
import { allowScaling, allowScalingOf } from './allow-scaling';
import { allowAskingAsync } from './async-places';
import { executionArns } from './grant-executions';
import { allow, allowGuards, allowObjects } from './grants';
import { HandlerFunction } from './handler-function';
import { Hosting } from './hosting';
import { COMPRESSED } from './prefixes';
import { allowMaking, allowMoving } from './release-grants';
import { allowLedger, allowManifests, allowTidying, endpointArns } from './release-places';

export interface ReleaseFunctionsProps {
  readonly endpointName: string;
  readonly modelName: string;
  readonly models: IModelBucket;
  readonly hosting: Hosting;
}

/** What changes the endpoint ends within this time, whatever becomes of the execution that called it. */
export const CHANGE_TIMEOUT = Duration.minutes(1);

/** The functions of a release machine, each with just the permissions of its step. */
export class ReleaseFunctions extends Construct {
  public readonly serialise: IFunction;
  public readonly release: IFunction;
  public readonly status: IFunction;
  public readonly smokeTest?: IFunction;
  public readonly restore?: IFunction;
  public readonly settle: IFunction;
  private readonly serialiseRole: IRole;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReleaseFunctionsProps,
  ) {
    super(scope, id);
    const serialise = this.createSerialise();
    this.serialise = serialise.function;
    this.serialiseRole = serialise.role;
    this.release = this.createRelease();
    this.status = this.createStatus();
    if (props.hosting.golden !== undefined) this.smokeTest = this.createSmokeTest();
    if (props.hosting.golden !== undefined || props.hosting.componentName !== undefined)
      this.restore = this.createRestore();
    this.settle = this.createSettle();
  }

  /**
   * Lets Serialise see whether the execution that has the turn still runs. A policy of its own: the machine needs the
   * function first, and the function needs what its role's own policy names.
   */
  public allowExecutionsOf(machine: StateMachine): void {
    const executions = executionArns(machine);
    const policy = new Policy(this, 'Executions', {
      roles: [this.serialiseRole],
      statements: [new PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] })],
    });
    acknowledgeInlinePolicies(policy);
    acknowledgeWildcard(policy, executions, 'The executions of this one machine, whose names come with each release.');
  }

  private createSerialise(): HandlerFunction {
    const { endpointName, modelName, models } = this.props;
    const handler = this.handler('Serialise', 'serialise', `Lets one release at a time change ${endpointName}`, {
      timeout: Duration.minutes(1),
      memorySize: 512,
    });
    allowManifests(handler.role, models, `${COMPRESSED}/${modelName}/`);
    allowLedger(handler.role, models, endpointName, ['s3:PutObject']);
    allow(handler.role, { actions: ['sagemaker:DescribeEndpoint'], resources: [this.arns.endpoint] });
    allow(handler.role, {
      actions: ['sagemaker:DescribeEndpointConfig', 'sagemaker:DescribeModel'],
      resources: [this.arns.configs, this.arns.models],
      wildcardReason:
        'Every release has a model and a config of its own; the pattern covers only those of this endpoint.',
    });
    this.allowComponentTo(handler.role, ['sagemaker:DescribeInferenceComponent']);
    return handler;
  }

  private createRelease(): IFunction {
    const { endpointName, hosting, models } = this.props;
    const handler = this.handler('Release', 'release', `Creates or updates the endpoint ${endpointName}`, {
      timeout: CHANGE_TIMEOUT,
    });
    const { role } = handler;
    allowMaking(this, role, endpointName, hosting);
    this.allowMovingOrRemoving(role, ['sagemaker:CreateEndpoint']);
    allow(role, { actions: ['sagemaker:AddTags'], resources: [this.arns.endpoint] });
    this.allowComponentTo(role, ['sagemaker:DescribeInferenceComponent', 'sagemaker:DeleteInferenceComponent']);
    allowLedger(role, models, endpointName);
    allowGuards(role, hosting.guards);
    return handler.function;
  }

  private createStatus(): IFunction {
    const { endpointName } = this.props;
    const handler = this.handler('Status', 'status', `Tells whether ${endpointName} serves what was released`, {
      timeout: Duration.minutes(1),
    });
    allow(handler.role, { actions: ['sagemaker:DescribeEndpoint'], resources: [this.arns.endpoint] });
    this.allowComponentTo(handler.role, ['sagemaker:DescribeInferenceComponent']);
    return handler.function;
  }

  private createSmokeTest(): IFunction {
    const { endpointName, hosting, models } = this.props;
    const golden = hosting.golden!;
    const handler = this.handler('SmokeTest', 'smoke-test', `Asks ${endpointName} what it must know`, {
      timeout: Duration.minutes(15),
      memorySize: 512,
    });
    const action = hosting.isAsync ? 'sagemaker:InvokeEndpointAsync' : 'sagemaker:InvokeEndpoint';
    allow(handler.role, { actions: [action], resources: [this.arns.endpoint] });
    this.allowComponentTo(handler.role, [
      'sagemaker:InvokeEndpoint',
      'sagemaker:DescribeInferenceComponent',
      'sagemaker:UpdateInferenceComponentRuntimeConfig',
    ]);
    if (hosting.isAsync) allowAskingAsync(handler.role, models, endpointName);
    // Any JSON of the asset bucket: a release that still runs when a new version is deployed needs its own requests.
    allowObjects(handler.role, golden.bucket, '', ['s3:GetObject'], '*.json');
    return handler.function;
  }

  private createRestore(): IFunction {
    const { endpointName, models } = this.props;
    const handler = this.handler('Restore', 'restore', `Takes ${endpointName} back from a model that failed its test`, {
      timeout: CHANGE_TIMEOUT,
    });
    this.allowMovingOrRemoving(handler.role);
    allowLedger(handler.role, models, endpointName);
    return handler.function;
  }

  private createSettle(): IFunction {
    const { endpointName, hosting, models } = this.props;
    const handler = this.handler('Settle', 'settle', `Ends releases to ${endpointName} and tidies up after them`, {
      timeout: Duration.minutes(2),
    });
    allowLedger(handler.role, models, endpointName, ['s3:PutObject']);
    allowTidying(this, handler.role, endpointName);
    // A shadow may be left of a release that was cut off, even where models are tried in none any more.
    allowMoving(this, handler.role, endpointName, hosting);
    this.allowComponentTo(handler.role, ['sagemaker:DescribeInferenceComponent']);
    if (hosting.scaling !== undefined) {
      allowScaling(this, handler.role, hosting.scaled, [
        'application-autoscaling:RegisterScalableTarget',
        'application-autoscaling:PutScalingPolicy',
      ]);
      allowScalingOf(this, handler.role, hosting.scaled);
    }
    return handler.function;
  }

  /** Actions on the inference component, where there is one. */
  private allowComponentTo(role: IRole, actions: string[]): void {
    if (this.props.hosting.componentName !== undefined) allow(role, { actions, resources: [this.arns.component] });
  }

  private allowMovingOrRemoving(role: IRole, more: string[] = []): void {
    const { endpointName, hosting } = this.props;
    allow(role, { actions: ['sagemaker:DeleteEndpoint'], resources: [this.arns.endpoint] });
    allowMoving(this, role, endpointName, hosting, more);
  }

  private handler(
    id: string,
    handler: string,
    description: string,
    more: { timeout: Duration; memorySize?: number },
  ): HandlerFunction {
    const { logEncryptionKey } = this.props.models;
    return new HandlerFunction(this, id, { handler, description, logEncryptionKey, ...more });
  }

  private get arns(): ReturnType<typeof endpointArns> {
    return endpointArns(this, this.props.endpointName);
  }
}
