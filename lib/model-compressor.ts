import { Duration } from 'aws-cdk-lib';
import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { IStateMachine, StateMachine, TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, IConstruct } from 'constructs';
import { CompressionOptions } from './compression-options';
import { CompressionStates, CompressionStatesOptions } from './compression-states';
import { IModelBucket } from './model-bucket';
import { CompressionFunctions } from './private/compression-functions';
import { CompressionMachine } from './private/compression-machine';
import { createCompressionTask } from './private/compression-task';
import { grantStartAndDescribe } from './private/grant-executions';
import { LeftBehind } from './private/left-behind';
import { ensure, requireDuration, requireModelName, requireWhole } from './private/validate';

/** Compresses models that lie in S3. */
export interface IModelCompressor extends IConstruct {
  /** Compresses. Input `{ "source": "s3://…/" }`, output `{ "artifact": "s3://…/", "build": "…" }`. */
  readonly stateMachine: IStateMachine;

  /** Lets an identity compress models and see what became of them. */
  grantCompress(grantee: IGrantable): Grant;

  /**
   * A state for a machine of your own, which compresses and waits for the end. That machine's role gets what it needs.
   *
   * @param scope Where the state goes.
   * @param id Name of the state.
   */
  toTask(scope: Construct, id: string, options?: CompressionTaskOptions): TaskStateBase;
}

/** Where the state finds the model and leaves the artifact. */
export interface CompressionTaskOptions {
  /**
   * Path of the model's S3 address in the state's input.
   *
   * @default - `$.source`
   */
  readonly sourcePath?: string;
  /**
   * Where the result goes: `{ artifact, build }`, `artifact` being the S3 address of what was made.
   *
   * @default - `$.compression`
   */
  readonly resultPath?: string;
}

/** How to refer to a compressor that another stack owns. */
export interface ModelCompressorAttributes {
  /** ARN of its state machine. */
  readonly stateMachineArn: string;
}

/** What a `ModelCompressor` needs besides how to compress. */
export interface ModelCompressorProps extends CompressionOptions {
  /** The model's name, 1 to 24 lower-case letters, digits and hyphens. */
  readonly modelName: string;
  /** Where models come from and artifacts go. */
  readonly models: IModelBucket;
  /**
   * A folder whose files go into the artifact's `code/`, as a zip asset: what serves the model.
   *
   * @default - the artifact holds no code
   */
  readonly servingCode?: Asset;
  /**
   * Whether there is a state machine that compresses and does nothing else. Without it, put `toStates()` into your own.
   *
   * @default true
   */
  readonly createStateMachine?: boolean;
}

/**
 * Compression alone: give it a bucket, get a state machine that compresses models in it. The machine can be started as it
 * is, called from a machine of your own (`toTask`), or taken apart into the states of one (`toStates`). What its builds leave
 * behind that fail, are stopped or run out of time is removed once no function of them can go on any more; of the states in
 * a machine of your own, that is yours to do (`abortFunction`).
 *
 * @example
 * const compressor = new ModelCompressor(this, 'Compressor', { modelName: 'digits', models, recipe: CompressionRecipe.int8() });
 * compressor.grantCompress(role);
 */
export class ModelCompressor extends Construct implements IModelCompressor {
  /** Refers to a compressor that exists. */
  public static fromModelCompressorAttributes(
    scope: Construct,
    id: string,
    attributes: ModelCompressorAttributes,
  ): IModelCompressor {
    class Import extends Construct implements IModelCompressor {
      public readonly stateMachine = StateMachine.fromStateMachineArn(this, 'Machine', attributes.stateMachineArn);

      public grantCompress(grantee: IGrantable): Grant {
        return grantStartAndDescribe(this.stateMachine, grantee);
      }

      public toTask(taskScope: Construct, taskId: string, options?: CompressionTaskOptions): TaskStateBase {
        return createCompressionTask(taskScope, taskId, this.stateMachine, options);
      }
    }
    return new Import(scope, id);
  }

  /** Lays out every output to the byte before any weight is read. */
  public readonly planFunction: IFunction;
  /** Compresses one item of a plan. */
  public readonly compressFunction: IFunction;
  /** Completes the artifact; writes its manifest last. */
  public readonly finalizeFunction: IFunction;
  /** Gives up a build that failed: aborts its uploads, removes what it wrote. */
  public readonly abortFunction: IFunction;

  private readonly machine?: IStateMachine;
  private readonly leftBehind?: LeftBehind;
  private readonly functions: CompressionFunctions;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ModelCompressorProps,
  ) {
    super(scope, id);
    requireModelName(props.modelName);
    requireWhole(props.memorySize, 'memorySize', 512, 10240);
    requireWhole(props.maxConcurrency, 'maxConcurrency', 1, 10000);
    requireDuration(props.timeout, 'timeout', 30, 900);
    const functions = new CompressionFunctions(this, props);
    this.functions = functions;
    this.planFunction = functions.plan.function;
    this.compressFunction = functions.compress.function;
    this.finalizeFunction = functions.finalize.function;
    this.abortFunction = functions.abort.function;
    if (props.createStateMachine === false) return;
    const { machine } = new CompressionMachine(this, 'Compression', {
      modelName: props.modelName,
      createStates: (options) => this.toStates('States', options),
      logEncryptionKey: props.models.logEncryptionKey,
    });
    this.machine = machine;
    this.leftBehind = new LeftBehind(this, 'LeftBehind', {
      modelName: props.modelName,
      models: props.models,
      buildMachine: machine,
      functionTimeout: functions.timeout,
      sharesBuilds: true,
    });
    this.leftBehind.watch(this, 'FailedBuilds');
  }

  /**
   * How long each function may take.
   *
   * @internal
   */
  public get _timeout(): Duration {
    return this.functions.timeout;
  }

  /**
   * Removes what an execution of its own machine left behind; none without one.
   *
   * @internal
   */
  public get _removeFunction(): IFunction | undefined {
    return this.leftBehind?.removeFunction;
  }

  /** Compresses. Input `{ "source": "s3://…/" }`, output `{ "artifact": "s3://…/", "build": "…" }`. */
  public get stateMachine(): IStateMachine {
    if (this.machine !== undefined) return this.machine;
    throw new Error(`${this.node.path} was made without a state machine; leave createStateMachine: false out`);
  }

  /** Lets an identity compress models and see what became of them. */
  public grantCompress(grantee: IGrantable): Grant {
    return grantStartAndDescribe(this.stateMachine, grantee);
  }

  /**
   * A state for a machine of your own, which compresses and waits for the end. That machine's role gets what it needs.
   *
   * @param scope Where the state goes.
   * @param id Name of the state.
   */
  public toTask(scope: Construct, id: string, options?: CompressionTaskOptions): TaskStateBase {
    return createCompressionTask(scope, id, this.stateMachine, options);
  }

  /**
   * The states Plan, Compress, Finalize, and Abort on failure, to be chained in a machine. The machine's role gets what
   * it needs.
   *
   * @param id Id of the fragment; the states keep their own names.
   */
  public toStates(id: string, options: CompressionStatesOptions = {}): CompressionStates {
    return new CompressionStates(this, id, {
      ...options,
      compressor: this,
      modelName: this.props.modelName,
      bucketName: this.props.models.bucket.bucketName,
      recipe: this.props.recipe,
      maxConcurrency: this.props.maxConcurrency ?? 100,
      servingCode: this.props.servingCode,
    });
  }

  /**
   * Lets models be read from another bucket.
   *
   * @param prefix The folder in it, ending in a slash, or nothing for all of it.
   */
  public addSource(bucket: IBucket, prefix: string = ''): void {
    ensure(prefix === '' || prefix.endsWith('/'), `the prefix of a source must end in a slash, received: ${prefix}`);
    this.functions.allowSource(bucket, prefix);
  }
}
