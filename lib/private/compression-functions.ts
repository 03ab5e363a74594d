import { Duration } from 'aws-cdk-lib';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { ModelCompressorProps } from '../model-compressor';
import { allowGivingUp, allowListUploads } from './allow-giving-up';
import { allowKey, allowList, allowObjects } from './grants';
import { HandlerFunction, HandlerFunctionProps } from './handler-function';
import { COMPRESSED, RAW, WORK } from './prefixes';

/** CPUs grow with memory; above this, planning and finalizing do not get any faster. */
const ONE_CPU_MB = 1769;

/** The functions that compress, each with just the permissions it needs. */
export class CompressionFunctions {
  public readonly plan: HandlerFunction;
  public readonly compress: HandlerFunction;
  public readonly finalize: HandlerFunction;
  public readonly abort: HandlerFunction;
  /** How long each may take. */
  public readonly timeout: Duration;

  constructor(
    scope: Construct,
    private readonly props: ModelCompressorProps,
  ) {
    const { modelName, models, memorySize = 3008, timeout = Duration.minutes(15) } = props;
    this.timeout = timeout;
    const create = (id: string, rest: Pick<HandlerFunctionProps, 'handler' | 'description' | 'memorySize'>) =>
      new HandlerFunction(scope, id, { ...rest, timeout, logEncryptionKey: models.logEncryptionKey });
    this.plan = create('Plan', {
      handler: 'plan',
      description: `Plans the compression of the model ${modelName}`,
      memorySize: Math.min(memorySize, ONE_CPU_MB),
    });
    this.compress = create('Compress', {
      handler: 'compress',
      description: `Compresses the model ${modelName}, one item of the plan at a time`,
      memorySize,
    });
    this.finalize = create('Finalize', {
      handler: 'finalize',
      description: `Completes artifacts of the model ${modelName}`,
      memorySize: Math.min(memorySize, ONE_CPU_MB),
    });
    this.abort = create('Abort', {
      handler: 'abort',
      description: `Gives up failed builds of the model ${modelName}`,
      memorySize: 512,
    });
    this.grantPlaces();
    this.grantCode();
  }

  /** Lets models be read from another bucket. */
  public allowSource(bucket: IBucket, prefix: string): void {
    for (const { role } of [this.plan, this.compress]) {
      allowObjects(role, bucket, prefix, ['s3:GetObject']);
      allowList(role, bucket, [prefix], true);
      allowKey(role, bucket.encryptionKey, 'read');
    }
  }

  private grantPlaces(): void {
    const { modelName, models } = this.props;
    const { bucket, encryptionKey } = models;
    const [raw, work, compressed] = [RAW, WORK, COMPRESSED].map((prefix) => `${prefix}/${modelName}/`);
    const uploads = ['s3:PutObject', 's3:AbortMultipartUpload'];
    for (const { role } of [this.plan, this.compress]) {
      allowObjects(role, bucket, raw, ['s3:GetObject']);
      allowList(role, bucket, [raw, work, compressed], true);
    }
    allowList(this.finalize.role, bucket, [work, compressed], true);
    allowListUploads(this.finalize.role, models, modelName);
    allowObjects(this.plan.role, bucket, work, ['s3:GetObject', 's3:PutObject']);
    allowObjects(this.compress.role, bucket, work, ['s3:GetObject', 's3:PutObject']);
    allowObjects(this.finalize.role, bucket, work, ['s3:GetObject']);
    allowObjects(this.plan.role, bucket, compressed, ['s3:GetObject', ...uploads]);
    allowObjects(this.compress.role, bucket, compressed, ['s3:PutObject']);
    allowObjects(this.finalize.role, bucket, compressed, ['s3:GetObject', ...uploads]);
    allowObjects(this.finalize.role, bucket, compressed, ['s3:DeleteObject'], '*/manifest.json');
    for (const { role } of [this.plan, this.compress, this.finalize]) allowKey(role, encryptionKey, 'write');
    allowGivingUp(this.abort.role, models, modelName);
  }

  /** Any zip of the asset bucket: a build that still runs when a new version is deployed needs the code of its own. */
  private grantCode(): void {
    const code = this.props.servingCode;
    if (code === undefined) return;
    allowObjects(this.finalize.role, code.bucket, '', ['s3:GetObject'], '*.zip');
  }
}
