import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import {
  Choice,
  Condition,
  DistributedMap,
  Errors,
  Fail,
  INextable,
  JsonPath,
  Pass,
  State,
  StateMachineFragment,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { CompressionRecipe } from './compression-recipe';
import { FunctionTask } from './private/function-task';
import { WORK } from './private/prefixes';

/** Where the states find what differs from build to build. */
export interface CompressionStatesOptions {
  /**
   * Path of the build's name in the input: 1 to 32 lower-case letters, digits and hyphens.
   *
   * @default - `$.build`
   */
  readonly buildPath?: string;
  /**
   * Path of the model's S3 address in the input.
   *
   * @default - `$.source`
   */
  readonly sourcePath?: string;
  /**
   * More to record in the manifest, name to path: `{ 'trainingJob.$': '$.raw.trainingJobArn' }`.
   *
   * @default - the execution only
   */
  readonly provenance?: Record<string, string>;
}

/** What the states are made of. */
export interface CompressionStatesProps extends CompressionStatesOptions {
  /** The functions that the states call. */
  readonly compressor: ICompressionFunctions;
  /** The model's name. */
  readonly modelName: string;
  /** The bucket's name. */
  readonly bucketName: string;
  /** What happens to the weights. */
  readonly recipe: CompressionRecipe;
  /** How many functions compress at once. */
  readonly maxConcurrency: number;
  /**
   * The code that serves the model.
   *
   * @default - none
   */
  readonly servingCode?: Asset;
}

/** The functions that the states call. */
export interface ICompressionFunctions {
  /** Plans. */
  readonly planFunction: IFunction;
  /** Compresses an item. */
  readonly compressFunction: IFunction;
  /** Completes. */
  readonly finalizeFunction: IFunction;
  /** Gives up. */
  readonly abortFunction: IFunction;
}

/**
 * Plan, Compress, Finalize. Leaves the artifact's S3 address at `$.plan.artifact`. A failure in any of them gives the
 * build up and fails with the first cause; a build that was finished before passes through.
 */
export class CompressionStates extends StateMachineFragment {
  public readonly startState: State;
  public readonly endStates: INextable[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CompressionStatesProps,
  ) {
    super(scope, id);
    const plan = this.createPlan();
    const compress = this.createCompress();
    const finalize = this.createFinalize();
    const abort = this.createAbort();
    for (const state of [plan, compress, finalize]) {
      state.addCatch(abort, { errors: [Errors.ALL], resultPath: '$.failure' });
    }
    const done = new Pass(this, 'Compressed', { stateName: 'Compressed', comment: 'The artifact is complete.' });
    plan.next(
      new Choice(this, 'Finished', { stateName: 'Finished before?' })
        .when(Condition.booleanEquals('$.plan.finished', true), done)
        .otherwise(compress.next(finalize).next(done)),
    );
    this.startState = plan;
    this.endStates = done.endStates;
  }

  private createPlan(): FunctionTask {
    const { compressor, modelName, bucketName, recipe, buildPath, sourcePath } = this.props;
    return new FunctionTask(this, 'Plan', {
      stateName: 'Plan',
      comment: 'Lays out every output to the byte before any weight is read.',
      function: compressor.planFunction,
      event: {
        bucket: bucketName,
        model: modelName,
        'build.$': buildPath ?? '$.build',
        'source.$': sourcePath ?? '$.source',
        recipe: recipe._render(),
      },
      resultPath: '$.plan',
    }).retried();
  }

  private createCompress(): DistributedMap {
    const map = new DistributedMap(this, 'Compress', {
      stateName: 'Compress',
      comment: 'Compresses the items of the plan, each by a function of its own.',
      itemsPath: '$.plan.items',
      itemSelector: { work: JsonPath.stringAt('$.plan.work'), item: JsonPath.numberAt('$$.Map.Item.Value') },
      maxConcurrency: this.props.maxConcurrency,
      toleratedFailureCount: 0,
      label: 'Compress',
      mapExecutionType: StateMachineType.STANDARD,
      resultPath: JsonPath.DISCARD,
    });
    // Items answer with nothing, because the answers of ten thousand would not fit into a state's data.
    const item = new FunctionTask(this, 'CompressItem', {
      stateName: 'CompressItem',
      function: this.props.compressor.compressFunction,
      event: { 'work.$': '$.work', 'item.$': '$.item' },
      outputPath: JsonPath.DISCARD,
    }).retried();
    return map.itemProcessor(item);
  }

  private createFinalize(): FunctionTask {
    const { servingCode, provenance } = this.props;
    return new FunctionTask(this, 'Finalize', {
      stateName: 'Finalize',
      comment: 'Completes the uploads and writes the manifest.',
      function: this.props.compressor.finalizeFunction,
      event: {
        'work.$': '$.plan.work',
        ...(servingCode === undefined
          ? {}
          : { code: { bucket: servingCode.s3BucketName, key: servingCode.s3ObjectKey } }),
        provenance: {
          'execution.$': '$$.Execution.Id',
          'begun.$': '$$.Execution.StartTime',
          ...provenance,
        },
      },
      resultPath: '$.finalized',
    }).retried();
  }

  private createAbort(): FunctionTask {
    const { bucketName, modelName, buildPath } = this.props;
    const failed = new Fail(this, 'BuildFailed', {
      stateName: 'BuildFailed',
      comment: 'Fails with the cause of the state that failed first.',
      errorPath: '$.failure.Error',
      causePath: '$.failure.Cause',
    });
    // Plan may have failed before it could say where it worked.
    const abort = new FunctionTask(this, 'Abort', {
      stateName: 'Abort',
      comment: 'Gives the build up: no upload stays open, no part of an artifact stays behind.',
      function: this.props.compressor.abortFunction,
      event: { 'work.$': `States.Format('s3://${bucketName}/${WORK}/${modelName}/{}/', ${buildPath ?? '$.build'})` },
      resultPath: JsonPath.DISCARD,
    }).retried();
    abort.addCatch(failed, { errors: [Errors.ALL], resultPath: '$.abort' });
    abort.next(failed);
    return abort;
  }
}
