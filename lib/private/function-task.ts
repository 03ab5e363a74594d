import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Errors,
  JitterType,
  TaskMetricsConfig,
  TaskStateBase,
  TaskStateBaseProps,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface FunctionTaskProps extends TaskStateBaseProps {
  readonly function: IFunction;
  /** The event, as the Parameters field of the state. */
  readonly event: Record<string, unknown>;
}

/** Faults that only a person can mend, as the functions name them: trying again would only fail again, later. */
const FINAL_FAULTS = [
  'ModelError',
  'InvalidModel',
  'InvalidRecipe',
  'InvalidEvent',
  'Conflict',
  'NoArtifact',
  'EndpointBroken',
  'GateFailed',
  'InvalidMetrics',
  'TurnLost',
];

/** Failures of the service between Step Functions and the function. */
const SERVICE_FAULTS = [
  'Lambda.TooManyRequestsException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
];

/**
 * Calls one of this package's functions. The CDK's own task grants the caller every version and alias of the function,
 * this one just the function.
 */
export class FunctionTask extends TaskStateBase {
  protected readonly taskMetrics?: TaskMetricsConfig;
  protected readonly taskPolicies: PolicyStatement[];

  constructor(
    scope: Construct,
    id: string,
    private readonly taskProps: FunctionTaskProps,
  ) {
    super(scope, id, taskProps);
    this.taskPolicies = [
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [taskProps.function.functionArn] }),
    ];
  }

  /** Retries what may pass: throttling for minutes, anything else a few times unless it is final. */
  public retried(): this {
    this.addRetry({ errors: FINAL_FAULTS, maxAttempts: 0 });
    this.addRetry({
      errors: SERVICE_FAULTS,
      interval: Duration.seconds(2),
      maxAttempts: 8,
      backoffRate: 2,
      maxDelay: Duration.minutes(1),
      jitterStrategy: JitterType.FULL,
    });
    this.addRetry({
      errors: [Errors.ALL],
      interval: Duration.seconds(3),
      maxAttempts: 3,
      backoffRate: 2,
      jitterStrategy: JitterType.FULL,
    });
    return this;
  }

  /** @internal */
  protected _renderTask(): Record<string, unknown> {
    return { Resource: this.taskProps.function.functionArn, Parameters: this.taskProps.event };
  }
}
