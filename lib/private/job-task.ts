import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { TaskMetricsConfig, TaskStateBase, TaskStateBaseProps } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface JobTaskProps extends TaskStateBaseProps {
  /** The API's actions are made of this word. */
  readonly kind: 'TrainingJob' | 'ProcessingJob';
  /** The request to the Create action, as the Parameters field of the state. */
  readonly request: Record<string, unknown>;
  readonly roleArn: string;
  /** Which jobs the state may start, describe and stop. */
  readonly jobArns: string;
  readonly volumeKey?: IKey;
}

/**
 * Runs a job of SageMaker and waits for its end. The CDK's own task for training lacks half of what a job can be told, and
 * there is none for processing.
 */
export class JobTask extends TaskStateBase {
  protected readonly taskMetrics?: TaskMetricsConfig;
  protected readonly taskPolicies: PolicyStatement[];

  constructor(
    scope: Construct,
    id: string,
    private readonly taskProps: JobTaskProps,
  ) {
    super(scope, id, taskProps);
    const { kind } = taskProps;
    const rule = `rule/StepFunctionsGetEventsForSageMaker${kind}sRule`;
    this.taskPolicies = [
      new PolicyStatement({
        actions: [`sagemaker:Create${kind}`, `sagemaker:Describe${kind}`, `sagemaker:Stop${kind}`, 'sagemaker:AddTags'],
        resources: [taskProps.jobArns],
      }),
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [taskProps.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
      }),
      new PolicyStatement({
        actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
        resources: [Stack.of(this).formatArn({ service: 'events', resource: rule })],
      }),
      ...volumeGrant(taskProps.volumeKey),
    ];
    // A script that fails is States.TaskFailed and is not tried again: it would fail again, at the same price.
    this.addRetry({
      errors: ['SageMaker.ResourceLimitExceededException'],
      interval: Duration.minutes(2),
      maxAttempts: 12,
      backoffRate: 1.5,
      maxDelay: Duration.minutes(30),
    });
    this.addRetry({
      errors: ['SageMaker.AmazonSageMakerException', 'ThrottlingException'],
      interval: Duration.seconds(10),
      maxAttempts: 4,
      backoffRate: 2,
    });
  }

  /** @internal */
  protected _renderTask(): Record<string, unknown> {
    const partition = Stack.of(this).partition;
    return {
      Resource: `arn:${partition}:states:::sagemaker:create${this.taskProps.kind}.sync`,
      Parameters: this.taskProps.request,
    };
  }
}

/** Who starts a job with an encrypted volume must be able to hand the key on to the service. */
function volumeGrant(key: IKey | undefined): PolicyStatement[] {
  if (key === undefined) return [];
  return [
    new PolicyStatement({ actions: ['kms:DescribeKey'], resources: [key.keyArn] }),
    new PolicyStatement({
      actions: ['kms:CreateGrant'],
      resources: [key.keyArn],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    }),
  ];
}
