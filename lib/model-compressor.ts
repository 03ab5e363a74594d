import { Duration } from 'aws-cdk-lib';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { CompressionOptions } from './compression-options';
import { CompressionStates, CompressionStatesOptions } from './compression-states';
import { IModelBucket } from './model-bucket';
import { allowKey, allowList, allowObjects } from './private/grants';
import { HandlerFunction } from './private/handler-function';
import { COMPRESSED, RAW, WORK } from './private/prefixes';
import { ensure, requireDuration, requireModelName, requireWhole } from './private/validate';

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
}

/**
 * The functions that plan, compress and finalize an artifact, and those states of a Step Functions machine that call
 * them. Compression alone: put its states into a machine of your own.
 *
 * @example
 * const compressor = new ModelCompressor(this, 'Compressor', { modelName: 'digits', models, recipe: CompressionRecipe.int8() });
 * new StateMachine(this, 'Machine', { definitionBody: DefinitionBody.fromChainable(compressor.toStates('Compression')) });
 */
export class ModelCompressor extends Construct {
  /** Lays out every output to the byte before any weight is read. */
  public readonly planFunction: IFunction;
  /** Compresses one item of a plan. */
  public readonly compressFunction: IFunction;
  /** Completes the artifact; writes its manifest last. */
  public readonly finalizeFunction: IFunction;
  /** Gives up a build that failed: aborts its uploads, removes what it wrote. */
  public readonly abortFunction: IFunction;

  private readonly plan: HandlerFunction;
  private readonly compress: HandlerFunction;
  private readonly finalize: HandlerFunction;

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
    const memorySize = props.memorySize ?? 3008;
    const timeout = props.timeout ?? Duration.minutes(15);
    const logEncryptionKey = props.models.logEncryptionKey;
    const common = { timeout, logEncryptionKey };
    this.plan = new HandlerFunction(this, 'Plan', {
      ...common,
      handler: 'plan',
      description: `Plans the compression of the model ${props.modelName}`,
      memorySize: Math.min(memorySize, 1769),
    });
    this.compress = new HandlerFunction(this, 'Compress', {
      ...common,
      handler: 'compress',
      description: `Compresses the model ${props.modelName}, one item of the plan at a time`,
      memorySize,
    });
    this.finalize = new HandlerFunction(this, 'Finalize', {
      ...common,
      handler: 'finalize',
      description: `Completes artifacts of the model ${props.modelName}`,
      memorySize: Math.min(memorySize, 1769),
    });
    const abort = new HandlerFunction(this, 'Abort', {
      ...common,
      handler: 'abort',
      description: `Gives up failed builds of the model ${props.modelName}`,
      memorySize: 512,
    });
    this.grantPlaces(abort);
    this.grantCode();
    this.planFunction = this.plan.function;
    this.compressFunction = this.compress.function;
    this.finalizeFunction = this.finalize.function;
    this.abortFunction = abort.function;
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
    for (const { role } of [this.plan, this.compress]) {
      allowObjects(role, bucket, prefix, ['s3:GetObject']);
      allowList(role, bucket, [prefix], true);
      allowKey(role, bucket.encryptionKey, 'read');
    }
  }

  private grantPlaces(abort: HandlerFunction): void {
    const { modelName, models } = this.props;
    const { bucket, encryptionKey } = models;
    const [raw, work, compressed] = [RAW, WORK, COMPRESSED].map((prefix) => `${prefix}/${modelName}/`);
    const uploads = ['s3:PutObject', 's3:AbortMultipartUpload'];
    for (const { role } of [this.plan, this.compress]) {
      allowObjects(role, bucket, raw, ['s3:GetObject']);
      allowList(role, bucket, [raw, work, compressed], true);
    }
    for (const { role } of [this.finalize, abort]) allowList(role, bucket, [work, compressed], true);
    allowObjects(this.plan.role, bucket, work, ['s3:GetObject', 's3:PutObject']);
    allowObjects(this.compress.role, bucket, work, ['s3:GetObject', 's3:PutObject']);
    allowObjects(this.finalize.role, bucket, work, ['s3:GetObject']);
    allowObjects(abort.role, bucket, work, ['s3:GetObject', 's3:DeleteObject']);
    allowObjects(this.plan.role, bucket, compressed, ['s3:GetObject', ...uploads]);
    allowObjects(this.compress.role, bucket, compressed, ['s3:PutObject']);
    allowObjects(this.finalize.role, bucket, compressed, ['s3:GetObject', ...uploads]);
    allowObjects(abort.role, bucket, compressed, ['s3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload']);
    for (const { role } of [this.plan, this.compress, this.finalize]) allowKey(role, encryptionKey, 'write');
    allowKey(abort.role, encryptionKey, 'read');
  }

  /** Any zip of the asset bucket: a build that still runs when a new version is deployed needs the code of its own. */
  private grantCode(): void {
    const code = this.props.servingCode;
    if (code === undefined) return;
    allowObjects(this.finalize.role, code.bucket, '', ['s3:GetObject'], '*.zip');
  }
}
