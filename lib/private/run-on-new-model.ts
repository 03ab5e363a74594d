import { Duration, Token } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ModelCompleteness } from '../model-completeness';
import { ModelFormat } from '../model-format';
import { NewModelOptions } from '../new-model-options';
import { allowKey, allowList, allowObjects } from './grants';
import { COMPRESSED, RAW, WORK } from './prefixes';
import { createTrigger, TriggerProps } from './trigger';
import { ensure } from './validate';

export interface RunOnNewModelProps extends TriggerProps, NewModelOptions {
  readonly modelFormat: ModelFormat;
  /** Of the recipe, the serving code and the endpoint. */
  readonly inputsDigest: string;
}

/** Builds a model that is put into a bucket, once it is complete. */
export class RunOnNewModel extends Construct {
  /** The bucket that models come from. */
  public readonly bucket: IBucket;
  /** The folder in it. */
  public readonly prefix: string;

  constructor(scope: Construct, id: string, props: RunOnNewModelProps) {
    super(scope, id);
    const { models, modelFormat, modelName } = props;
    this.bucket = props.bucket ?? models.bucket;
    this.prefix = props.prefix ?? `uploads/${modelName}/`;
    const { _marker: marker } = props.completeness ?? defaultCompleteness(modelFormat);
    this.validatePrefix(props);
    ensure(
      modelFormat !== ModelFormat.ONNX || marker !== undefined,
      'runOnNewModel.completeness must be a marker for ONNX models: their weights may lie in files that only the graph names',
    );
    const trigger = createTrigger(this, 'Handler', {
      ...props,
      handler: 'run-on-new-model',
      description: `Starts a build when a trained model ${modelName} is uploaded`,
      timeout: Duration.minutes(2),
      environment: {
        BUCKET: this.bucket.bucketName,
        PREFIX: this.prefix,
        FORMAT: modelFormat,
        INPUTS_DIGEST: props.inputsDigest,
        ...(marker === undefined ? {} : { MARKER: marker }),
      },
    });
    allowList(trigger.role, this.bucket, [this.prefix]);
    if (marker === undefined && modelFormat === ModelFormat.SAFETENSORS) {
      allowObjects(trigger.role, this.bucket, this.prefix, ['s3:GetObject'], '*.index.json');
      allowKey(trigger.role, this.bucket.encryptionKey, 'read');
    }
    const names = marker === undefined ? modelFileNames(modelFormat) : [marker];
    new Rule(this, 'Uploads', {
      description: `Uploads of the model ${modelName}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [this.bucket.bucketName] },
          object: { key: names.map((name) => ({ wildcard: `${this.prefix}*${name}` })) },
        },
      },
      targets: [new LambdaFunction(trigger.function)],
    });
  }

  private validatePrefix({ models, modelName }: RunOnNewModelProps): void {
    const { prefix } = this;
    ensure(
      !Token.isUnresolved(prefix) && /^[^/*\\][^*\\]*\/$/.test(prefix),
      `runOnNewModel.prefix must name a folder and end in a slash, without asterisks and backslashes, received: ${prefix}`,
    );
    if (this.bucket.bucketName !== models.bucket.bucketName) return;
    const own = [`${RAW}/${modelName}/`, `${WORK}/`, `${COMPRESSED}/`].find(
      (place) => place.startsWith(prefix) || prefix.startsWith(place),
    );
    ensure(
      own === undefined,
      `runOnNewModel.prefix must lie apart from ${own}, where builds write and would start themselves again, received: ${prefix}`,
    );
  }
}

function defaultCompleteness(format: ModelFormat): ModelCompleteness {
  return format === ModelFormat.TFLITE ? ModelCompleteness.modelFiles() : ModelCompleteness.marker();
}

function modelFileNames(format: ModelFormat): string[] {
  return format === ModelFormat.SAFETENSORS ? ['.safetensors', '.safetensors.index.json'] : [`.${format}`];
}
