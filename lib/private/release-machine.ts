import { Duration, Stack } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import {
  Choice,
  Condition,
  Errors,
  Fail,
  JitterType,
  StateMachine,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { allow, allowKey, allowList, allowObjects, allowVolumeGrant } from './grants';
import { FunctionTask } from './function-task';
import { HandlerFunction } from './handler-function';
import { Hosting } from './hosting';
import { createMachine } from './machine';
import { COMPRESSED } from './prefixes';

export interface ReleaseMachineProps {
  readonly endpointName: string;
  readonly modelName: string;
  readonly models: IModelBucket;
  readonly hosting: Hosting;
  readonly statusInterval: Duration;
}

/**
 * Puts an artifact behind the endpoint and waits until it serves. Input: `{ artifact }`, the S3 address of a finished
 * artifact; releasing an older one is a rollback.
 */
export class ReleaseMachine extends Construct {
  public readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReleaseMachineProps,
  ) {
    super(scope, id);
    const release = this.createRelease();
    const wait = new Wait(this, 'Wait', { stateName: 'Wait', time: WaitTime.duration(props.statusInterval) });
    const status = this.createStatus();
    const decide = new Choice(this, 'Decide', { stateName: 'In service?' })
      .when(Condition.stringEquals('$.status.state', 'InProgress'), wait)
      .when(
        Condition.stringEquals('$.status.state', 'InService'),
        new Succeed(this, 'Released', { stateName: 'Released' }),
      )
      .otherwise(
        new Fail(this, 'ReleaseFailed', {
          stateName: 'ReleaseFailed',
          comment: 'Fails with what SageMaker made of the release, and why.',
          errorPath: '$.status.state',
          causePath: '$.status.reason',
        }),
      );
    this.machine = createMachine(this, 'Machine', {
      start: release.next(wait).next(status).next(decide),
      comment: `Releases artifacts to the endpoint ${props.endpointName}`,
      timeout: Duration.days(2),
      logEncryptionKey: props.models.logEncryptionKey,
    });
  }

  private createRelease(): FunctionTask {
    const { endpointName, hosting, models } = this.props;
    const { logEncryptionKey } = models;
    const handler = new HandlerFunction(this, 'Release', {
      handler: 'release',
      description: `Creates or updates the endpoint ${endpointName}`,
      timeout: Duration.minutes(2),
      logEncryptionKey,
    });
    this.allowRelease(handler.role);
    const task = new FunctionTask(this, 'ReleaseState', {
      stateName: 'Release',
      comment: 'Creates model and config, then creates or updates the endpoint.',
      function: handler.function,
      event: { 'artifact.$': '$.artifact', endpointName, specification: hosting.specification },
      resultPath: '$.release',
    });
    // Another update, or the service itself, holds the endpoint. A guarded update may take eight hours.
    task.addRetry({
      errors: ['EndpointBusy'],
      interval: Duration.seconds(15),
      maxDelay: Duration.minutes(5),
      backoffRate: 1.5,
      maxAttempts: 150,
      jitterStrategy: JitterType.FULL,
    });
    return task.retried();
  }

  private allowRelease(role: IRole): void {
    const { endpointName, hosting, modelName, models } = this.props;
    const names = endpointArns(this, endpointName);
    const wildcardReason =
      'Every release has a model and a config of its own; the pattern covers only those of this endpoint.';
    allow(role, { actions: ['sagemaker:CreateModel', 'sagemaker:AddTags'], resources: [names.models], wildcardReason });
    allow(role, {
      actions: ['sagemaker:DescribeEndpoint', 'sagemaker:DeleteEndpoint', 'sagemaker:AddTags'],
      resources: [names.endpoint],
    });
    // Creating and updating an endpoint is checked against its config, too.
    allow(role, {
      actions: ['sagemaker:CreateEndpointConfig', 'sagemaker:AddTags'],
      resources: [names.configs],
      wildcardReason,
    });
    allow(role, {
      actions: ['sagemaker:CreateEndpoint', 'sagemaker:UpdateEndpoint'],
      resources: [names.endpoint, names.configs],
      wildcardReason,
    });
    allow(role, {
      actions: ['iam:PassRole'],
      resources: [hosting.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
    });
    allowObjects(role, models.bucket, `${COMPRESSED}/${modelName}/`, ['s3:GetObject'], '*/manifest.json');
    allowList(role, models.bucket, [`${COMPRESSED}/${modelName}/`], true);
    allowKey(role, models.encryptionKey, 'read');
    allowVolumeGrant(role, hosting.volumeKey);
  }

  private createStatus(): FunctionTask {
    const { endpointName, models } = this.props;
    const { logEncryptionKey } = models;
    const handler = new HandlerFunction(this, 'Status', {
      handler: 'status',
      description: `Tells whether the endpoint ${endpointName} serves what was released`,
      timeout: Duration.minutes(1),
      logEncryptionKey,
    });
    allow(handler.role, {
      actions: ['sagemaker:DescribeEndpoint'],
      resources: [endpointArns(this, endpointName).endpoint],
    });
    const task = new FunctionTask(this, 'StatusState', {
      stateName: 'Status',
      comment:
        'In service counts only on the config that was asked for: an endpoint that rolled back is in service, too.',
      function: handler.function,
      event: { 'endpointName.$': '$.release.endpointName', 'endpointConfigName.$': '$.release.endpointConfigName' },
      resultPath: '$.status',
    });
    // A release goes on while nobody can see it; giving up early would report a failure that did not happen.
    task.addRetry({
      errors: [Errors.ALL],
      interval: Duration.seconds(10),
      maxDelay: Duration.minutes(2),
      maxAttempts: 30,
    });
    return task;
  }
}

/** ARNs of an endpoint and of the models and configs made for it, whose names begin with the endpoint's. */
export function endpointArns(
  scope: Construct,
  endpointName: string,
): { endpoint: string; models: string; configs: string } {
  const arn = (resource: string, resourceName: string): string =>
    Stack.of(scope).formatArn({ service: 'sagemaker', resource, resourceName });
  return {
    endpoint: arn('endpoint', endpointName),
    models: arn('model', `${endpointName}-*`),
    configs: arn('endpoint-config', `${endpointName}-*`),
  };
}
