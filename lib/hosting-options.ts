import { Duration } from 'aws-cdk-lib';
import { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { ContainerImage } from './container-image';
import { EndpointAlarmOptions } from './endpoint-alarms';
import { MlInstanceType } from './ml-instance-type';

/** What every endpoint is made of, whoever changes its model. */
export interface HostingOptions {
  /** The image that serves. */
  readonly image: ContainerImage;
  /** The instances that serve. */
  readonly instanceType: MlInstanceType;
  /**
   * The endpoint's name: 1 to 46 lower-case letters, digits and hyphens. Unique in the account and region.
   *
   * @default - made from the construct's path
   */
  readonly endpointName?: string;
  /**
   * Environment of the container; at most 90 variables.
   *
   * @default - what the image needs to run the model's code
   */
  readonly environment?: Record<string, string>;
  /**
   * The VPC to serve in. It needs ways to S3, ECR, CloudWatch Logs and KMS.
   *
   * @default - none; SageMaker's own network
   */
  readonly vpc?: IVpc;
  /**
   * The subnets to serve in; at most 16.
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
   * Cuts the container off from every network.
   *
   * @default false
   */
  readonly networkIsolation?: boolean;
  /**
   * How long the container may take until it answers its first ping, 1 to 60 minutes.
   *
   * @default - SageMaker's
   */
  readonly startupTimeout?: Duration;
  /**
   * How long the download of the model may take, 1 to 60 minutes.
   *
   * @default - SageMaker's
   */
  readonly downloadTimeout?: Duration;
  /**
   * Size of each instance's volume in GB, 1 to 512. Not for instances with a disk of their own.
   *
   * @default - SageMaker's
   */
  readonly volumeSizeInGb?: number;
  /**
   * Encrypts the instances' volumes. Not for instances with a disk of their own, which encrypt it by themselves.
   *
   * @default - the bucket's key
   */
  readonly volumeEncryptionKey?: IKey;
  /**
   * When the alarms go off that roll an update back.
   *
   * @default - at one percent of failed requests in a minute, or answers that take more than 30 seconds
   */
  readonly alarms?: EndpointAlarmOptions;
  /**
   * The host's image, whose driver has to fit the CUDA version of the container's.
   *
   * @default - from the CUDA version in the image's tag, for GPU instances
   */
  readonly inferenceAmiVersion?: string;
}
