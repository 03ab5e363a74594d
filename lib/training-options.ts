import { Duration } from 'aws-cdk-lib';
import { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { ContainerImage } from './container-image';
import { MlInstanceType } from './ml-instance-type';
import { TrainingChannel } from './training-channel';

/** A number that a training script prints, as a CloudWatch metric. */
export interface TrainingMetric {
  /** The metric's name. */
  readonly name: string;
  /** A regular expression with one group, the number. */
  readonly regex: string;
}

/** How a model is trained. */
export interface TrainingOptions {
  /** The image that trains. */
  readonly image: ContainerImage;
  /** The instances that train. */
  readonly instanceType: MlInstanceType;
  /**
   * How many instances.
   *
   * @default 1
   */
  readonly instanceCount?: number;
  /**
   * A folder with the training script, for images that run scripts (TensorFlow, PyTorch, Hugging Face). A
   * `requirements.txt` in it is installed before.
   *
   * @default - the image brings its own program
   */
  readonly sourceDirectory?: string;
  /**
   * The script in `sourceDirectory`.
   *
   * @default train.py
   */
  readonly entryPoint?: string;
  /**
   * Arguments: `{ epochs: 10, name: 'x' }`. Scripts of `sourceDirectory` get them as JSON, other images as text.
   *
   * @default - none
   */
  readonly hyperparameters?: Record<string, unknown>;
  /**
   * Environment of the container.
   *
   * @default - none
   */
  readonly environment?: Record<string, string>;
  /**
   * Data to train with; at most 20.
   *
   * @default - none; the script brings its data
   */
  readonly channels?: TrainingChannel[];
  /**
   * Size of each instance's volume in GB, 1 to 16384. Not for instances with a disk of their own.
   *
   * @default 30
   */
  readonly volumeSizeInGb?: number;
  /**
   * Trains on spare capacity, for less, when there is some. Needs `maxWait`, and `checkpoints` to survive interruptions.
   *
   * @default false
   */
  readonly spot?: boolean;
  /**
   * How long a spot job may take with all waiting; at least `maxRuntime`.
   *
   * @default - required with `spot`, not allowed without
   */
  readonly maxWait?: Duration;
  /**
   * How long the job may train, up to 28 days.
   *
   * @default Duration.hours(24)
   */
  readonly maxRuntime?: Duration;
  /**
   * Keeps what the script writes into `/opt/ml/checkpoints` in the bucket, one place for each build, and brings it back
   * after an interruption.
   *
   * @default - true for spot, otherwise false
   */
  readonly checkpoints?: boolean;
  /**
   * Keeps the instances warm for the next job, up to 6 hours. They cost as when training.
   *
   * @default - they are given back at once
   */
  readonly keepAlive?: Duration;
  /**
   * How often SageMaker tries again after a fault of its own, 0 to 30.
   *
   * @default 2
   */
  readonly retryAttempts?: number;
  /**
   * The VPC to train in. It needs ways to S3, ECR, CloudWatch Logs and KMS.
   *
   * @default - none; SageMaker's own network
   */
  readonly vpc?: IVpc;
  /**
   * The subnets to train in; at most 16.
   *
   * @default - private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Security groups of the instances; at most 5.
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
  /**
   * Encrypts the traffic between instances.
   *
   * @default - true for more than one instance
   */
  readonly interContainerTrafficEncryption?: boolean;
  /**
   * Encrypts the instances' volumes. Not for instances with a disk of their own, which encrypt it by themselves.
   *
   * @default - the bucket's key
   */
  readonly volumeEncryptionKey?: IKey;
  /**
   * Numbers to pick from the script's output; at most 40.
   *
   * @default - none
   */
  readonly metrics?: TrainingMetric[];
}
