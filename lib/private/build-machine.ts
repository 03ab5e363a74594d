import { Duration } from 'aws-cdk-lib';
import {
  Chain,
  Choice,
  Condition,
  Fail,
  IChainable,
  JsonPath,
  Pass,
  StateMachine,
} from 'aws-cdk-lib/aws-stepfunctions';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { BuildMetrics } from '../build-metrics';
import { CompressionGate } from '../compression-gate';
import { CompressionLimits } from '../compression-limits';
import { IModelBucket } from '../model-bucket';
import { ModelEvaluation } from '../model-evaluation';
import { ReleaseApproval } from '../release-approval';
import { ModelCompressor } from '../model-compressor';
import { TrainingJob } from '../training-job';
import { Changes, is } from './changes';
import { FunctionTask } from './function-task';
import { HandlerFunction } from './handler-function';
import { createMachine } from './machine';
import { Registration } from './registration';
import { StartBuild } from './start-build';
import { StartRelease, StartReleaseProps } from './start-release';

export interface BuildMachineProps extends StartReleaseProps {
  readonly modelName: string;
  readonly training?: TrainingJob;
  readonly compressor: ModelCompressor;
  readonly limits?: CompressionLimits;
  readonly evaluation?: ModelEvaluation;
  readonly registration: Registration;
  readonly approval: ReleaseApproval;
  readonly models: IModelBucket;
  /** What the metrics of builds are filed under, too. */
  readonly endpointName: string;
  /** Of the recipe, the serving code and the endpoint; a model's build is named after it. */
  readonly inputsDigest: string;
  /** Of the recipe and the serving code; recorded with every artifact. */
  readonly compressionDigest: string;
  /** Of all that a model is judged by; noted with every version. */
  readonly gatesDigest: string;
  /** Of the evaluation without its limits, where there is one. */
  readonly evaluationDigest?: string;
}

/**
 * Builds a model that is there, `{ "source": "s3://…/" }`: compresses it, looks whether the result is good enough,
 * registers it, and starts the release. With `{}`, it trains one first, and with `{ "ifChanged": true }` it decides what has
 * to be done; what either finds to build, another execution of the same machine builds, which is named after it.
 *
 * What fails before anything was planned, or after all is done, is not caught, so that a redrive goes on right there.
 */
export class BuildMachine extends Construct {
  public readonly machine: StateMachine;
  /** Decides what has to be done when inputs changed. */
  public readonly changes: Changes;
  /** Numbers of the builds. */
  public readonly metrics: BuildMetrics;
  private readonly startBuild: StartBuild;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BuildMachineProps,
  ) {
    super(scope, id);
    const gate = new CompressionGate(this, 'CompressionGate', { ...props, pipelineName: props.endpointName });
    this.metrics = gate.metrics;
    if (props.approval === ReleaseApproval.MANUAL)
      for (const judging of [gate, props.evaluation]) judging?._refuseIn(props.registration);
    const release = new StartRelease(this, props).toStates();
    this.changes = new Changes(this, 'Changes', props);
    const judge = gate
      .toState('CompressionGate')
      .next(this.createEvaluation(this.createRegistration(release, this.changes.start)));
    const compression = props.compressor
      .toStates('States', {
        buildPath: '$.prepared.build',
        sourcePath: '$.raw.source',
        provenance: {
          model: props.modelName,
          compression: props.compressionDigest,
          'build.$': '$.prepared.build',
          'source.$': '$.raw.source',
          'begun.$': '$.prepared.begun',
        },
      })
      .next(judge);
    this.startBuild = new StartBuild(this, 'StartBuild', props);
    const given = new Pass(this, 'SourceGiven', {
      stateName: 'SourceGiven',
      parameters: { source: JsonPath.stringAt('$.prepared.source') },
      resultPath: '$.raw',
    });
    const { start } = this.startBuild;
    const train = this.createTrain(start);
    this.changes.goOn({ train, compress: start, judge, release });
    this.startBuild.goOn(this.changes.start);
    const origin = new Choice(this, 'Origin', { stateName: 'Source given?' })
      .when(Condition.isPresent('$.prepared.source'), given.next(compression))
      .when(Condition.isPresent('$.prepared.ifChanged'), this.changes.start)
      .otherwise(train);
    this.machine = createMachine(this, 'Machine', {
      start: this.createPrepare().next(origin),
      comment: `Builds the model ${props.modelName}`,
      logEncryptionKey: props.models.logEncryptionKey,
    });
    this.startBuild.allowExecutionsOf(this.machine);
    this.changes.allowListing(this.machine);
    props.training?._acknowledgeJobs(this);
    props.evaluation?._acknowledgeJobs(this);
  }

  /** Lets builds see what a model of another bucket consists of, and whether it is still there. */
  public addSource(bucket: IBucket, prefix: string): void {
    this.changes.addSource(bucket, prefix);
    this.startBuild.addSource(bucket, prefix);
  }

  /** What has passed all gates is registered, and released at once unless a person decides. */
  private createRegistration(release: Chain, decide: IChainable): Chain {
    const { approval, registration } = this.props;
    const isApproved = Condition.stringEquals('$.registered.approval', ReleaseApproval.AUTOMATIC);
    // What was there is released only if it serves still: judging it may have taken hours.
    const next = new Choice(this, 'Judged', { stateName: 'Judged again?' })
      .when(Condition.and(Condition.isPresent('$.decision'), is('judge'), isApproved), decide)
      .otherwise(approval === ReleaseApproval.MANUAL ? registration.waiting() : release);
    return registration.toState().next(next);
  }

  /** What the same evaluation measured before stays as it was measured. */
  private createEvaluation(next: Chain): IChainable {
    const { evaluation } = this.props;
    if (evaluation === undefined) return next;
    const gate = evaluation.toGateState('EvaluationGate').next(next);
    const kept = new Pass(this, 'MetricsKept', {
      stateName: 'MetricsKept',
      inputPath: '$.decision.evaluation',
      resultPath: '$.evaluation',
    });
    const isKept = Condition.and(
      Condition.isPresent('$.decision'),
      is('judge'),
      Condition.isPresent('$.decision.evaluation'),
    );
    return new Choice(this, 'Measured', { stateName: 'Measured before?' })
      .when(isKept, kept.next(gate))
      .otherwise(
        evaluation
          .toJobState('Evaluate', { jobNamePath: '$.prepared.trainingJobName', buildPath: '$.prepared.build' })
          .next(gate),
      );
  }

  private createTrain(next: IChainable): IChainable {
    const { training } = this.props;
    if (training === undefined) {
      return new Fail(this, 'NoSource', {
        stateName: 'NoSource',
        error: 'NoSource',
        cause: 'This pipeline has no training. Start it with an input such as {"source":"s3://bucket/prefix/"}.',
      });
    }
    return training
      .toState('Train', {
        jobNamePath: '$.prepared.trainingJobName',
        buildPath: '$.prepared.build',
        resultPath: '$.raw',
      })
      .next(next);
  }

  private createPrepare(): FunctionTask {
    const { modelName, models } = this.props;
    const handler = new HandlerFunction(this, 'Prepare', {
      handler: 'prepare',
      description: `Names builds of the model ${modelName} and checks their input`,
      timeout: Duration.seconds(30),
      logEncryptionKey: models.logEncryptionKey,
    });
    return new FunctionTask(this, 'PrepareState', {
      stateName: 'Prepare',
      comment: 'Names the build after the execution.',
      function: handler.function,
      event: {
        'executionName.$': '$$.Execution.Name',
        'startTime.$': '$$.Execution.StartTime',
        model: modelName,
        'input.$': '$',
      },
      resultPath: '$.prepared',
    }).retried();
  }
}
