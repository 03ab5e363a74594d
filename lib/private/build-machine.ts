import { Duration } from 'aws-cdk-lib';
import { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Chain,
  Choice,
  Condition,
  Errors,
  Fail,
  IntegrationPattern,
  JitterType,
  JsonPath,
  Pass,
  StateMachine,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { ModelCompressor } from '../model-compressor';
import { TrainingJob } from '../training-job';
import { FunctionTask } from './function-task';
import { HandlerFunction } from './handler-function';
import { createMachine } from './machine';

export interface BuildMachineProps {
  readonly modelName: string;
  readonly training?: TrainingJob;
  readonly compressor: ModelCompressor;
  readonly releaseMachine: StateMachine;
  /** Tells releases of the same build under different specifications apart; 8 hexadecimal digits. */
  readonly specificationDigest: string;
  readonly logEncryptionKey?: IKey;
}

/**
 * Trains, compresses, and starts the release. Input: `{}`, or `{ "source": "s3://…/" }` to compress a model that is there
 * instead of training one.
 *
 * What fails before anything was planned, or after all is done, is not caught, so that a redrive goes on right there.
 */
export class BuildMachine extends Construct {
  public readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BuildMachineProps,
  ) {
    super(scope, id);
    const compression = props.compressor
      .toStates('States', {
        buildPath: '$.prepared.build',
        sourcePath: '$.raw.source',
        provenance: { model: props.modelName, 'build.$': '$.prepared.build', 'source.$': '$.raw.source' },
      })
      .next(this.createStartRelease());
    const given = new Pass(this, 'SourceGiven', {
      stateName: 'SourceGiven',
      parameters: { source: JsonPath.stringAt('$.prepared.source') },
      resultPath: '$.raw',
    });
    const origin = new Choice(this, 'Origin', { stateName: 'Source given?' }).when(
      Condition.isPresent('$.prepared.source'),
      given.next(compression),
    );
    this.machine = createMachine(this, 'Machine', {
      start: this.createPrepare().next(this.otherwise(origin, compression)),
      comment: `Builds the model ${props.modelName}`,
      logEncryptionKey: props.logEncryptionKey,
    });
    props.training?._acknowledgeJobs(this);
  }

  private otherwise(origin: Choice, compression: Chain): Choice {
    const { training } = this.props;
    if (training === undefined) {
      return origin.otherwise(
        new Fail(this, 'NoSource', {
          stateName: 'NoSource',
          error: 'NoSource',
          cause: 'This pipeline has no training. Start it with an input such as {"source":"s3://bucket/prefix/"}.',
        }),
      );
    }
    const train = training.toState('Train', {
      jobNamePath: '$.prepared.trainingJobName',
      buildPath: '$.prepared.build',
      resultPath: '$.raw',
    });
    return origin.otherwise(train.next(compression));
  }

  private createPrepare(): FunctionTask {
    const { modelName, logEncryptionKey } = this.props;
    const handler = new HandlerFunction(this, 'Prepare', {
      handler: 'prepare',
      description: `Names builds of the model ${modelName} and checks their input`,
      timeout: Duration.seconds(30),
      logEncryptionKey,
    });
    return new FunctionTask(this, 'PrepareState', {
      stateName: 'Prepare',
      comment: 'Names the build after the execution.',
      function: handler.function,
      event: {
        'executionName.$': '$$.Execution.Name',
        model: modelName,
        'input.$': '$',
      },
      resultPath: '$.prepared',
    }).retried();
  }

  private createStartRelease(): Chain {
    const start = new StepFunctionsStartExecution(this, 'StartRelease', {
      stateName: 'StartRelease',
      comment: 'The release goes on by itself; the build is done.',
      stateMachine: this.props.releaseMachine,
      integrationPattern: IntegrationPattern.REQUEST_RESPONSE,
      name: JsonPath.format(`{}-${this.props.specificationDigest}`, JsonPath.stringAt('$.prepared.build')),
      input: TaskInput.fromObject({
        build: JsonPath.stringAt('$.prepared.build'),
        artifact: JsonPath.stringAt('$.plan.artifact'),
      }),
      resultPath: '$.release',
    });
    const started = new Pass(this, 'ReleaseStarted', { stateName: 'ReleaseStarted' });
    // A retry whose first try got through finds the release running or done: that is what was wanted.
    const exists = ['StepFunctions.ExecutionAlreadyExistsException'];
    start.addCatch(started, { errors: exists, resultPath: JsonPath.DISCARD });
    start.addRetry({ errors: exists, maxAttempts: 0 });
    start.addRetry({
      errors: [Errors.ALL],
      interval: Duration.seconds(5),
      maxAttempts: 6,
      backoffRate: 2,
      jitterStrategy: JitterType.FULL,
    });
    return start.next(started);
  }
}
