import { Duration } from 'aws-cdk-lib';
import {
  Chain,
  Choice,
  Condition,
  Errors,
  IChainable,
  IntegrationPattern,
  JitterType,
  JsonPath,
  Pass,
  StateMachine,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge';
import { executionArns } from './grant-executions';

export interface StartReleaseProps {
  readonly releaseMachine: StateMachine;
  /** Tells releases of the same build under different specifications apart; 8 hexadecimal digits. */
  readonly specificationDigest: string;
}

const BUILD = JsonPath.stringAt('$.prepared.build');

const EXISTS = ['StepFunctions.ExecutionAlreadyExistsException'];

const PATIENT = {
  errors: [Errors.ALL],
  interval: Duration.seconds(5),
  maxAttempts: 6,
  backoffRate: 2,
  jitterStrategy: JitterType.FULL,
};

/** The end of a build: the states that start the release of `$.plan.artifact`, once. */
export class StartRelease {
  constructor(
    private readonly scope: Construct,
    private readonly props: StartReleaseProps,
  ) {}

  /**
   * The name of a release stands for the build and what its endpoint is to be, so that a retry finds what its first try
   * started. One that ended without success is no reason not to release: it is started again, under another name.
   */
  public toStates(): Chain {
    const started = new Pass(this.scope, 'ReleaseStarted', { stateName: 'ReleaseStarted' });
    const name = JsonPath.format(`{}-${this.props.specificationDigest}`, BUILD);
    const start = this.startTask('StartRelease', 'The release goes on by itself; the build is done.', name);
    // A redrive comes here again, and may find that this second one failed, too.
    const nextName = JsonPath.format(
      `{}-${this.props.specificationDigest}-again-{}`,
      BUILD,
      JsonPath.stringAt('$$.Execution.RedriveCount'),
    );
    const again = this.startTask('StartReleaseAgain', 'The earlier release of this build failed.', nextName);
    again.addCatch(started, { errors: EXISTS, resultPath: JsonPath.DISCARD });
    again.next(started);
    start.addCatch(this.createLook(again, started), { errors: EXISTS, resultPath: JsonPath.DISCARD });
    return start.next(started);
  }

  /** Tells whether the release that is there already is under way or did what it was for. */
  private createLook(again: IChainable, started: Pass): Chain {
    const { releaseMachine, specificationDigest } = this.props;
    const executions = executionArns(releaseMachine);
    const look = new CallAwsService(this.scope, 'LookAtRelease', {
      stateName: 'LookAtRelease',
      comment: 'There is a release of this build already.',
      service: 'sfn',
      action: 'describeExecution',
      iamAction: 'states:DescribeExecution',
      iamResources: [executions],
      parameters: {
        ExecutionArn: JsonPath.format(executionArns(releaseMachine, `{}-${specificationDigest}`), BUILD),
      },
      resultSelector: { 'status.$': '$.Status' },
      resultPath: '$.earlier',
    });
    look.addRetry(PATIENT);
    acknowledgeWildcard(
      this.scope,
      executions,
      'The executions of the one release machine, whose names come with each build.',
    );
    const failed = ['FAILED', 'ABORTED', 'TIMED_OUT'].map((status) =>
      Condition.stringEquals('$.earlier.status', status),
    );
    return look.next(
      new Choice(this.scope, 'Earlier', { stateName: 'Did it fail?' })
        .when(Condition.or(...failed), again)
        .otherwise(started),
    );
  }

  private startTask(stateName: string, comment: string, name: string): StepFunctionsStartExecution {
    const start = new StepFunctionsStartExecution(this.scope, stateName, {
      stateName,
      comment,
      stateMachine: this.props.releaseMachine,
      integrationPattern: IntegrationPattern.REQUEST_RESPONSE,
      name,
      input: TaskInput.fromObject({
        build: BUILD,
        artifact: JsonPath.stringAt('$.plan.artifact'),
        begun: JsonPath.stringAt('$.prepared.begun'),
      }),
      resultPath: '$.release',
    });
    start.addRetry({ errors: EXISTS, maxAttempts: 0 });
    start.addRetry(PATIENT);
    return start;
  }
}
