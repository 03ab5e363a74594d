import { CustomResource, RemovalPolicy, Token } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct, IConstruct } from 'constructs';
import { CompressionOptions } from './compression-options';
import { IModelBucket, ModelBucket } from './model-bucket';
import { ModelCompressor } from './model-compressor';
import { ModelFormat } from './model-format';
import { ModelSource, ModelSourceConfig } from './model-source';
import { CompressOnDeploy } from './private/compress-on-deploy';
import { digest } from './private/digest';
import { RAW } from './private/prefixes';
import { ensure, requireModelName } from './private/validate';
import { requireMethod, requireServingCode } from './private/validate-endpoint';
import { packageVersion } from './private/version';

/** A finished artifact that can be served. */
export interface ICompressedModel extends IConstruct {
  /** S3 address of the artifact, ending in a slash. It is another one for every other model, recipe or serving code. */
  readonly artifact: string;
  /** Where the artifact lies. */
  readonly models: IModelBucket;
  /** The model's name. */
  readonly modelName: string;
  /** What kind of file the model is. */
  readonly modelFormat: ModelFormat;
  /** Whether the artifact has code that serves it, in `code/`. */
  readonly hasServingCode: boolean;
}

/** How to refer to an artifact that exists, made by a pipeline, a compressor, the command line or another stack. */
export interface CompressedModelAttributes {
  /** S3 address of the artifact, ending in a slash: `s3://<bucket>/compressed/<modelName>/<build>/`. */
  readonly artifact: string;
  /** Where it lies. */
  readonly models: IModelBucket;
  /** The model's name. */
  readonly modelName: string;
  /** What kind of file the model is. */
  readonly modelFormat: ModelFormat;
  /**
   * Whether the artifact has code that serves it, in `code/`.
   *
   * @default false
   */
  readonly hasServingCode?: boolean;
}

/** What a `CompressedModel` is made of. */
export interface CompressedModelProps extends CompressionOptions {
  /** The model's name, 1 to 24 lower-case letters, digits and hyphens. */
  readonly modelName: string;
  /** What kind of file the model is. */
  readonly modelFormat: ModelFormat;
  /** The model to compress. */
  readonly source: ModelSource;
  /**
   * Where the artifact goes.
   *
   * @default - a new ModelBucket
   */
  readonly models?: IModelBucket;
  /**
   * A folder with `inference.py`, and a `requirements.txt` if need be, which becomes the artifact's `code/`.
   *
   * @default - the artifact holds no code; the image serves by itself
   */
  readonly codeDirectory?: string;
  /**
   * Change it to have a deployment look at a source in a bucket again. An unchanged model is not compressed again.
   *
   * @default - none
   */
  readonly sourceVersion?: string;
  /**
   * What happens to the artifact when it is replaced by another one, or the stack is deleted. `RETAIN` keeps it, and
   * stacks with the same model, recipe and bucket share it; with `DESTROY` the construct has an artifact of its own.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Compresses a model while the stack is deployed, before anything that uses the artifact is made or changed. The artifact
 * is known by its content: a deployment that changes neither model nor recipe compresses nothing, and going back finds
 * what was made before. What would take longer than CloudFormation waits, about fifty minutes, is refused.
 *
 * @example
 * const model = new CompressedModel(this, 'Model', {
 *   modelName: 'digits',
 *   modelFormat: ModelFormat.TFLITE,
 *   source: ModelSource.fromAsset('model'),
 *   recipe: CompressionRecipe.int8(),
 * });
 */
export class CompressedModel extends Construct implements ICompressedModel {
  /** Refers to an artifact that exists. */
  public static fromCompressedModelAttributes(
    scope: Construct,
    id: string,
    attributes: CompressedModelAttributes,
  ): ICompressedModel {
    const { artifact } = attributes;
    ensure(
      Token.isUnresolved(artifact) || /^s3:\/\/[^/]+\/.+\/$/.test(artifact),
      `The artifact must be an address such as s3://bucket/compressed/digits/build/, received: ${artifact}`,
    );
    class Import extends Construct implements ICompressedModel {
      public readonly artifact = attributes.artifact;
      public readonly models = attributes.models;
      public readonly modelName = attributes.modelName;
      public readonly modelFormat = attributes.modelFormat;
      public readonly hasServingCode = attributes.hasServingCode ?? false;
    }
    return new Import(scope, id);
  }

  public readonly artifact: string;
  public readonly models: IModelBucket;
  public readonly modelName: string;
  public readonly modelFormat: ModelFormat;
  public readonly hasServingCode: boolean;
  /** Compresses; can be started by hand, too. */
  public readonly compressor: ModelCompressor;
  /** Bytes of the model's files before. */
  public readonly bytesBefore: string;
  /** Bytes of the artifact's files, without manifest and serving code. */
  public readonly bytesAfter: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CompressedModelProps,
  ) {
    super(scope, id);
    requireModelName(props.modelName);
    requireMethod(props.modelFormat, props.recipe);
    requireServingCode(props.codeDirectory);
    this.modelName = props.modelName;
    this.modelFormat = props.modelFormat;
    this.models = props.models ?? new ModelBucket(this, 'Models');
    const code = this.createCode();
    this.hasServingCode = code !== undefined;
    this.compressor = new ModelCompressor(this, 'Compressor', { ...props, models: this.models, servingCode: code });
    const resource = this.createResource(code);
    this.artifact = resource.getAttString('artifact');
    this.bytesBefore = resource.getAttString('bytesBefore');
    this.bytesAfter = resource.getAttString('bytesAfter');
  }

  /**
   * What an endpoint can only be checked against where the model is made.
   *
   * @internal
   */
  public get _made(): Pick<CompressedModelProps, 'codeDirectory' | 'recipe'> {
    return this.props;
  }

  private createCode(): Asset | undefined {
    const path = this.props.codeDirectory;
    if (path === undefined) return undefined;
    return new Asset(this, 'Code', { path, exclude: ['**/__pycache__', '**/*.pyc', '.DS_Store', '.venv', '.git'] });
  }

  private createResource(code: Asset | undefined): CustomResource {
    const { props } = this;
    const source = props.source.bind(this);
    const removeArtifact = props.removalPolicy === RemovalPolicy.DESTROY;
    if (source.bucket !== undefined) this.compressor.addSource(source.bucket, source.prefix);
    const { resource } = new CompressOnDeploy(this, 'CompressOnDeploy', {
      compressor: this.compressor,
      models: this.models,
      modelName: props.modelName,
      source,
      sourceAddress: this.addressOf(source),
      sourceVersion: props.sourceVersion,
      specification: digest(this, {
        recipe: props.recipe._render(),
        code: code?.assetHash,
        engine: packageVersion(),
        content: source.contentHash,
        // Its own alone, so that nobody else misses it when it is removed.
        owner: removeArtifact ? this.node.addr : undefined,
      }),
      maxConcurrency: props.maxConcurrency ?? 100,
      memorySize: props.memorySize ?? 3008,
      removeArtifact,
    });
    return resource;
  }

  private addressOf({ bucket, prefix = '', contentHash }: ModelSourceConfig): string {
    if (bucket !== undefined) return `s3://${bucket.bucketName}/${prefix}`;
    return `s3://${this.models.bucket.bucketName}/${RAW}/${this.modelName}/asset-${contentHash!.slice(0, 32)}/`;
  }
}
