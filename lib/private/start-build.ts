import { Duration } from 'aws-cdk-lib';
import { IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Choice, Condition, IChainable, JsonPath, Pass, StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { acknowledgeInlinePolicies, acknowledgeWildcard } from './acknowledge';
import { is } from './changes';
import { FunctionTask } from './function-task';
import { executionArns } from './grant-executions';
import { allowList } from './grants';
import { HandlerFunction } from './handler-function';
import { RAW } from './prefixes';

export interface StartBuildProps {
  readonly modelName: string;
  readonly models: IModelBucket;
  /** Of the recipe, the serving code and the endpoint. */
  readonly inputsDigest: string;
}

/**
 * The end of an execution that has found or made a raw model: what builds that model is an execution of the same machine,
 * named after it, so that all who ask for the same build come to one.
 */
export class StartBuild extends Construct {
  /** Starts the build of the raw model at `$.raw.source`, or joins it. */
  public readonly start: FunctionTask;
  private readonly role: IRole;

  constructor(scope: Construct, id: string, props: StartBuildProps) {
    super(scope, id);
    const { inputsDigest, modelName, models } = props;
    const handler = new HandlerFunction(this, 'Handler', {
      handler: 'start-build',
      description: `Starts the one build that a raw model ${modelName} has`,
      timeout: Duration.minutes(2),
      logEncryptionKey: models.logEncryptionKey,
      // Not in the state: a training may have begun before the deployment whose machine is started now.
      environment: { INPUTS_DIGEST: inputsDigest },
    });
    this.role = handler.role;
    allowList(this.role, models.bucket, [`${RAW}/${modelName}/`]);
    this.start = new FunctionTask(this, 'State', {
      stateName: 'StartBuild',
      comment: 'The build goes on by itself, under a name that stands for the model and all that is made of it.',
      function: handler.function,
      event: { 'execution.$': '$$.Execution.Id', 'state.$': '$' },
      resultPath: '$.started',
    }).retried();
  }

  /**
   * Says where to go when a build that was decided on turns out to have ended: it may have ended just after the decision,
   * which then is another one. What is decided again although it has ended is built again.
   */
  public goOn(decide: IChainable): void {
    const started = new Succeed(this, 'Started', { stateName: 'BuildStarted' });
    const again = new Pass(this, 'Again', {
      stateName: 'DecideAgain',
      parameters: { prepared: JsonPath.objectAt('$.prepared'), ended: JsonPath.stringAt('$.started.name') },
    });
    const hasEnded = Condition.and(
      Condition.isPresent('$.decision'),
      is('compress'),
      Condition.stringEquals('$.started.status', 'SUCCEEDED'),
    );
    this.start.next(
      new Choice(this, 'Ended', { stateName: 'Built before?' }).when(hasEnded, again.next(decide)).otherwise(started),
    );
  }

  /** Lets it read what a model of another bucket consists of. */
  public addSource(bucket: IBucket, prefix: string): void {
    allowList(this.role, bucket, [prefix]);
  }

  /**
   * Lets it start the machine that it is a part of. A policy of its own: the machine needs the function first, and the
   * function needs what its role's own policy names.
   */
  public allowExecutionsOf(machine: StateMachine): void {
    const executions = executionArns(machine);
    const policy = new Policy(this, 'Executions', {
      roles: [this.role],
      statements: [
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.stateMachineArn] }),
        new PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] }),
      ],
    });
    acknowledgeInlinePolicies(policy);
    acknowledgeWildcard(policy, executions, 'The executions of this one machine, whose names come with each model.');
  }
}
