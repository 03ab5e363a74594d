import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Errors,
  Fail,
  IntegrationPattern,
  IStateMachine,
  JsonPath,
  StateMachine,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { FunctionTask } from './function-task';
import { allow } from './grants';
import { executionArns } from './grant-executions';
import { HandlerFunction } from './handler-function';
import { createMachine } from './machine';

export interface DeliveryMachineProps {
  readonly modelName: string;
  readonly models: IModelBucket;
  readonly buildMachine: IStateMachine;
  readonly releaseMachine: IStateMachine;
  /** ARN pattern of the versions that builds are registered as. */
  readonly packages: string;
  /** How long a build may wait for its approval. */
  readonly approvalTimeout: Duration;
  readonly interval: Duration;
}

/** As long as CodePipeline waits for a state machine. */
const LIMIT = Duration.days(7);

/**
 * Runs a build and waits until what it leads to is over: it ends well where what was built serves, or nothing had to be
 * built, and fails with the reason of whatever went wrong on the way, the release included. Input: that of the build.
 */
export class DeliveryMachine extends Construct {
  public readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DeliveryMachineProps,
  ) {
    super(scope, id);
    const { interval, modelName, models } = props;
    const wait = new Wait(this, 'Wait', { stateName: 'Wait', time: WaitTime.duration(interval) });
    const is = (state: string): Condition => Condition.stringEquals('$.progress.state', state);
    const judge = new Choice(this, 'Judge', { stateName: 'Over?' })
      .when(is('Failed'), this.createFailure())
      .when(is('Released'), new Succeed(this, 'Released', { stateName: 'Released', outputPath: '$.progress' }))
      .when(is('Unchanged'), new Succeed(this, 'Unchanged', { stateName: 'Unchanged', outputPath: '$.progress' }))
      .otherwise(wait);
    this.machine = createMachine(this, 'Machine', {
      start: this.createBuild().next(wait.next(this.createFollow()).next(judge)),
      comment: `Delivers the model ${modelName}: builds, and waits for the release`,
      timeout: LIMIT,
      logEncryptionKey: models.logEncryptionKey,
    });
  }

  /** Named after this execution, so that a retry starts no second build. */
  private createBuild(): StepFunctionsStartExecution {
    const build = new StepFunctionsStartExecution(this, 'Build', {
      stateName: 'Build',
      comment: 'Starts the build.',
      stateMachine: this.props.buildMachine,
      integrationPattern: IntegrationPattern.REQUEST_RESPONSE,
      name: JsonPath.stringAt('$$.Execution.Name'),
      input: TaskInput.fromJsonPathAt('$'),
      resultPath: '$.build',
    });
    build.addRetry({ errors: [Errors.ALL], interval: Duration.seconds(5), maxAttempts: 6, backoffRate: 2 });
    return build;
  }

  private createFollow(): FunctionTask {
    const { approvalTimeout, buildMachine, modelName, models, packages, releaseMachine } = this.props;
    const handler = new HandlerFunction(this, 'Follow', {
      handler: 'follow-build',
      description: `Tells how far a delivery of the model ${modelName} is`,
      timeout: Duration.minutes(1),
      logEncryptionKey: models.logEncryptionKey,
      environment: {
        RELEASE_MACHINE_ARN: releaseMachine.stateMachineArn,
        APPROVAL_TIMEOUT_SECONDS: `${approvalTimeout.toSeconds()}`,
      },
    });
    allow(handler.role, { actions: ['states:ListExecutions'], resources: [releaseMachine.stateMachineArn] });
    allow(handler.role, {
      actions: ['states:DescribeExecution', 'states:GetExecutionHistory'],
      resources: [buildMachine, releaseMachine].map((machine) => executionArns(machine)),
      wildcardReason: 'The executions of the two machines of this pipeline, whose names come with each build.',
    });
    allow(handler.role, {
      actions: ['sagemaker:DescribeModelPackage'],
      resources: [packages],
      wildcardReason: 'Every build is a version of its own; the pattern covers only those of this group.',
    });
    return new FunctionTask(this, 'FollowState', {
      stateName: 'Follow',
      comment: 'Looks how far the build, its approval and its release are.',
      function: handler.function,
      event: { 'executionArn.$': '$.build.ExecutionArn' },
      resultPath: '$.progress',
    }).retried();
  }

  private createFailure(): Fail {
    return new Fail(this, 'Failed', {
      stateName: 'Failed',
      comment: 'Fails with what became of the build or its release, and why.',
      errorPath: '$.progress.error',
      causePath: '$.progress.reason',
    });
  }
}
