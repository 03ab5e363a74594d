import { Duration } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  Choice,
  Condition,
  IChainable,
  JsonPath,
  Pass,
  StateMachine,
  Succeed,
  TaskStateBase,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { ReleaseApproval } from '../release-approval';
import { TrainingJob } from '../training-job';
import { acknowledgeInlinePolicies } from './acknowledge';
import { FunctionTask } from './function-task';
import { allow, allowKey, allowList, allowObjects } from './grants';
import { HandlerFunction } from './handler-function';
import { COMPRESSED, EVALUATION, RAW } from './prefixes';
import { Registration } from './registration';
import { allowLedger, endpointArns, ledgerPlace } from './release-places';

export interface ChangesProps {
  readonly modelName: string;
  readonly endpointName: string;
  readonly models: IModelBucket;
  readonly training?: TrainingJob;
  /** Of the recipe, the serving code and the endpoint; a model's build is named after it. */
  readonly inputsDigest: string;
  readonly compressionDigest: string;
  /** Digest of all that a model is judged by. */
  readonly gatesDigest: string;
  /** Digest of the evaluation without its limits, where there is one. */
  readonly evaluationDigest?: string;
  readonly registration: Registration;
  readonly approval: ReleaseApproval;
  readonly releaseMachine: StateMachine;
}

/** What comes of a decision. */
export interface NextStates {
  /** Goes on with a training. */
  readonly train: IChainable;
  /** Goes on with the raw model at `$.raw.source`. */
  readonly compress: IChainable;
  /** Goes on with the artifact at `$.plan.artifact`, made from the raw model at `$.raw.source`. */
  readonly judge: IChainable;
  /** Goes on with the artifact at `$.plan.artifact`. */
  readonly release: IChainable;
}

/**
 * The states that do just as much of a build as the deployed inputs ask for: nothing is trained, compressed or judged
 * again that the released model has been through already.
 */
export class Changes extends Construct {
  /** Decides. What has judged an artifact comes here again. */
  public readonly start: TaskStateBase;
  private readonly handler: HandlerFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ChangesProps,
  ) {
    super(scope, id);
    const { modelName, models, training, evaluationDigest } = props;
    this.handler = new HandlerFunction(this, 'Decide', {
      handler: 'decide',
      description: `Tells what has to be built again of the model ${modelName}`,
      timeout: Duration.minutes(2),
      memorySize: 1024,
      logEncryptionKey: models.logEncryptionKey,
      // Not in the state, as with whatever else names builds: an execution may have begun before this deployment.
      environment: { INPUTS_DIGEST: props.inputsDigest },
    });
    this.allowDecide();
    this.start = new FunctionTask(this, 'DecideState', {
      stateName: 'Decide',
      comment: 'Compares what is deployed with what the released model was made from.',
      function: this.handler.function,
      event: {
        bucket: models.bucket.bucketName,
        model: modelName,
        endpointName: props.endpointName,
        compression: props.compressionDigest,
        group: props.registration.groupName,
        gates: props.gatesDigest,
        approval: props.approval,
        releaseMachineArn: props.releaseMachine.stateMachineArn,
        ledger: ledgerPlace(models, props.endpointName),
        'execution.$': '$$.Execution.Id',
        ...(training === undefined ? {} : { training: training._inputsDigest() }),
        ...(evaluationDigest === undefined ? {} : { evaluation: evaluationDigest }),
        'state.$': '$',
      },
      resultPath: '$.decision',
    }).retried();
  }

  /** Says what comes of each decision. */
  public goOn(next: NextStates): void {
    const wait = new Wait(this, 'UnderWay', {
      stateName: 'UnderWay',
      comment: 'A training with the same inputs, the build of another model, or a release has to end first.',
      time: WaitTime.secondsPath('$.decision.seconds'),
    });
    const choice = this.createChoice(next);
    this.start.next(choice.when(is('wait'), wait.next(this.start)).otherwise(this.createNothing()));
  }

  /** Lets decisions see what an inference component runs. */
  public allowComponent(): void {
    const { component } = endpointArns(this, this.props.endpointName);
    allow(this.handler.role, { actions: ['sagemaker:DescribeInferenceComponent'], resources: [component] });
  }

  /** Lets decisions see whether a model of another bucket is still there. */
  public addSource(bucket: IBucket, prefix: string): void {
    allowList(this.handler.role, bucket, [prefix], true);
  }

  /** Lets decisions see what else the machine builds; a policy of its own, because the machine needs the function first. */
  public allowListing(machine: StateMachine): void {
    const actions = ['states:ListExecutions'];
    const policy = new Policy(this, 'Builds', {
      roles: [this.handler.role],
      statements: [new PolicyStatement({ actions, resources: [machine.stateMachineArn] })],
    });
    acknowledgeInlinePolicies(policy);
  }

  private createChoice({ train, compress, judge, release }: NextStates): Choice {
    const source = new Pass(this, 'RawModelKept', {
      stateName: 'RawModelKept',
      parameters: { source: JsonPath.stringAt('$.decision.source') },
      resultPath: '$.raw',
    });
    const artifact = new Pass(this, 'ArtifactKept', {
      stateName: 'ArtifactKept',
      parameters: { artifact: JsonPath.stringAt('$.decision.artifact') },
      resultPath: '$.plan',
    });
    const judged = new Pass(this, 'ArtifactToJudge', {
      stateName: 'ArtifactToJudge',
      parameters: {
        prepared: JsonPath.objectAt('$.prepared'),
        decision: JsonPath.objectAt('$.decision'),
        plan: { artifact: JsonPath.stringAt('$.decision.artifact') },
        raw: { source: JsonPath.stringAt('$.decision.source') },
      },
    });
    return new Choice(this, 'Changed', { stateName: 'What changed?' })
      .when(is('train'), train)
      .when(is('compress'), source.next(compress))
      .when(is('judge'), judged.next(judge))
      .when(is('release'), artifact.next(release));
  }

  private createNothing(): Succeed {
    return new Succeed(this, 'NothingToDo', { stateName: 'NothingToDo' });
  }

  private allowDecide(): void {
    const { endpointName, evaluationDigest, modelName, models, registration, training } = this.props;
    const { role } = this.handler;
    const names = endpointArns(this, endpointName);
    allow(role, { actions: ['sagemaker:DescribeEndpoint'], resources: [names.endpoint] });
    allow(role, {
      actions: ['sagemaker:DescribeEndpointConfig', 'sagemaker:DescribeModel'],
      resources: [names.configs, names.models],
      wildcardReason:
        'Every release has a model and a config of its own; the pattern covers only those of this endpoint.',
    });
    if (training !== undefined) {
      allow(role, {
        actions: ['sagemaker:DescribeTrainingJob', 'sagemaker:ListTags'],
        resources: [training.jobArns],
        wildcardReason: 'Every build is a new job; the pattern covers only the jobs of this model.',
      });
      allow(role, {
        actions: ['sagemaker:ListTrainingJobs'],
        resources: ['*'],
        wildcardReason: 'Listing takes no resource; it shows names only.',
      });
    }
    allowObjects(role, models.bucket, `${COMPRESSED}/${modelName}/`, ['s3:GetObject'], '*/manifest.json');
    const places = [RAW, COMPRESSED, ...(evaluationDigest === undefined ? [] : [EVALUATION])];
    allowList(
      role,
      models.bucket,
      places.map((prefix) => `${prefix}/${modelName}/`),
      true,
    );
    allow(role, { actions: ['states:ListExecutions'], resources: [this.props.releaseMachine.stateMachineArn] });
    registration.allowFinding(this.handler);
    allowLedger(role, models, endpointName);
    allowKey(role, models.encryptionKey, 'read');
  }
}

/** Whether the decision is this one. */
export function is(action: string): Condition {
  return Condition.stringEquals('$.decision.action', action);
}
