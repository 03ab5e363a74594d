import { Duration } from 'aws-cdk-lib';
import { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { ContainerImage } from './container-image';
import { MlInstanceType } from './ml-instance-type';

/** Data for an evaluation, at `/opt/ml/processing/input/<name>`. */
export interface EvaluationInput {
  /** 1 to 64 letters, digits, dots, hyphens, underscores; not `raw`, `compressed` or `code`. */
  readonly name: string;
  /** Where the data lies. */
  readonly bucket: IBucket;
  /** The folder in the bucket, ending in a slash. */
  readonly prefix: string;
  /**
   * The key that encrypts the data.
   *
   * @default - the key that `bucket` knows of
   */
  readonly encryptionKey?: IKey;
}

/**
 * What one metric must keep, in its own unit; at least one bound. A drop is what the compressed model has less than the
 * raw one, a rise what it has more.
 *
 * @example
 * const limit: EvaluationLimit = { metric: 'accuracy', maxDrop: 0.01, min: 0.9 };
 */
export interface EvaluationLimit {
  /** The metric's name in `metrics.json`. */
  readonly metric: string;
  /**
   * How far it may drop, for metrics where more is better, such as accuracy.
   *
   * @default - no limit
   */
  readonly maxDrop?: number;
  /**
   * How far it may drop, as a share of the raw model's value.
   *
   * @default - no limit
   */
  readonly maxRelativeDrop?: number;
  /**
   * How far it may rise, for metrics where less is better, such as perplexity.
   *
   * @default - no limit
   */
  readonly maxRise?: number;
  /**
   * How far it may rise, as a share of the raw model's value.
   *
   * @default - no limit
   */
  readonly maxRelativeRise?: number;
  /**
   * The compressed model's lowest value.
   *
   * @default - no limit
   */
  readonly min?: number;
  /**
   * The compressed model's highest value.
   *
   * @default - no limit
   */
  readonly max?: number;
}

/** How a compressed model is compared with the raw one. */
export interface EvaluationOptions {
  /** The image that evaluates. */
  readonly image: ContainerImage;
  /** The instance that evaluates. */
  readonly instanceType: MlInstanceType;
  /** What the metrics must keep; at least one. */
  readonly limits: EvaluationLimit[];
  /**
   * A folder with the evaluation script. A `requirements.txt` in it is installed before.
   *
   * @default - the image brings its own program
   */
  readonly sourceDirectory?: string;
  /**
   * The script in `sourceDirectory`.
   *
   * @default evaluate.py
   */
  readonly entryPoint?: string;
  /**
   * Arguments of the program; at most 90, of 256 characters each.
   *
   * @default - none
   */
  readonly arguments?: string[];
  /**
   * Environment of the container.
   *
   * @default - none
   */
  readonly environment?: Record<string, string>;
  /**
   * Data to evaluate with; at most 7.
   *
   * @default - none; what the training wrote beside the model, or what the script brings
   */
  readonly inputs?: EvaluationInput[];
  /**
   * How long the evaluation may take, up to 9 days.
   *
   * @default Duration.hours(1)
   */
  readonly maxRuntime?: Duration;
  /**
   * Size of the instance's volume in GB, 1 to 16384. It holds both models.
   *
   * @default 30
   */
  readonly volumeSizeInGb?: number;
  /**
   * Encrypts the volume. Not for instances with a disk of their own, which encrypt it by themselves.
   *
   * @default - the bucket's key
   */
  readonly volumeEncryptionKey?: IKey;
  /**
   * The VPC to evaluate in. It needs ways to S3, ECR, CloudWatch Logs and KMS.
   *
   * @default - none; SageMaker's own network
   */
  readonly vpc?: IVpc;
  /**
   * The subnets to evaluate in; at most 16.
   *
   * @default - private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Security groups of the instance; at most 5.
   *
   * @default - one that lets nothing in
   */
  readonly securityGroups?: ISecurityGroup[];
  /**
   * Cuts the container off from every network. Nothing can be installed at the start then.
   *
   * @default false
   */
  readonly networkIsolation?: boolean;
}
