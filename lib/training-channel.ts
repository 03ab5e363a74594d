import { IBucket } from 'aws-cdk-lib/aws-s3';
import { IKey } from 'aws-cdk-lib/aws-kms';

/** How data reaches the training container. */
export enum TrainingInputMode {
  /** Downloaded before the start. */
  FILE = 'File',
  /** Looks like files, read from S3 when opened. */
  FAST_FILE = 'FastFile',
  /** A named pipe, read once from start to end. */
  PIPE = 'Pipe',
}

/** How data is shared out to the instances of a job. */
export enum TrainingDataDistribution {
  /** Every instance gets all of it. */
  FULLY_REPLICATED = 'FullyReplicated',
  /** Every instance gets its share of the objects. */
  SHARDED = 'ShardedByS3Key',
}

/** Data for a training job, at `/opt/ml/input/data/<name>`. */
export interface TrainingChannel {
  /** 1 to 64 letters, digits, dots, hyphens, underscores. */
  readonly name: string;
  /** Where the data lies. */
  readonly bucket: IBucket;
  /** The folder in the bucket, ending in a slash. */
  readonly prefix: string;
  /**
   * How data reaches the container.
   *
   * @default TrainingInputMode.FILE
   */
  readonly inputMode?: TrainingInputMode;
  /**
   * The data's MIME type.
   *
   * @default - not told
   */
  readonly contentType?: string;
  /**
   * How data is shared out to instances.
   *
   * @default TrainingDataDistribution.FULLY_REPLICATED
   */
  readonly distribution?: TrainingDataDistribution;
  /**
   * The key that encrypts the data.
   *
   * @default - the bucket's
   */
  readonly encryptionKey?: IKey;
}
