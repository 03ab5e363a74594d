import { Duration } from 'aws-cdk-lib';
import { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { AsyncInference } from './async-inference';
import { ContainerImage } from './container-image';
import { DataCapture } from './data-capture';
import { EndpointAlarmOptions } from './endpoint-alarms';
import { EndpointScaling } from './endpoint-scaling';
import { EndpointUpdatePolicy } from './endpoint-update-policy';
import { InferenceComponentOptions } from './inference-component-options';
import { MlInstanceType } from './ml-instance-type';
import { ShadowTest } from './shadow-test';
import { ShapExplainer } from './shap-explainer';
import { SmokeTest } from './smoke-test';

/** The endpoint that serves the model. */
export interface EndpointSpecification {
  /** The image that serves. */
  readonly image: ContainerImage;
  /** The instances that serve. */
  readonly instanceType: MlInstanceType;
  /**
   * Instances that serve when those of `instanceType` cannot be had, in this order; at most 4.
   *
   * @default - none; without capacity, a release fails
   */
  readonly fallbackInstanceTypes?: MlInstanceType[];
  /**
   * How long to try for instances of one type before going on to the next, 5 to 60 minutes.
   *
   * @default - SageMaker's
   */
  readonly instanceProvisionTimeout?: Duration;
  /**
   * How many instances the endpoint is created with. Later releases keep what scaling or a person has made of it, until
   * this number changes.
   *
   * @default - the fewest of `scaling`, otherwise 1
   */
  readonly instanceCount?: number;
  /**
   * How the number of instances follows the requests.
   *
   * @default - it does not
   */
  readonly scaling?: EndpointScaling;
  /**
   * Runs the model in copies that share the instances, and can go to none while nobody asks. Not with `scaling`,
   * `asyncInference`, `shadowTest`, `explainer` or `fallbackInstanceTypes`.
   *
   * @default - each instance runs the model once
   */
  readonly inferenceComponent?: InferenceComponentOptions;
  /**
   * The endpoint's name: 1 to 46 lower-case letters, digits and hyphens. Unique in the account and region.
   *
   * @default - made from the construct's path
   */
  readonly endpointName?: string;
  /**
   * A folder with `inference.py`, and a `requirements.txt` if need be. It comes from the stack, never from what a
   * training job wrote.
   *
   * @default - the image serves by itself
   */
  readonly codeDirectory?: string;
  /**
   * Environment of the container; at most 90 variables.
   *
   * @default - what the image needs to run the code
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
   * How the endpoint changes from one model to the next.
   *
   * @default EndpointUpdatePolicy.allAtOnce(); rolling() for the copies of an `inferenceComponent`
   */
  readonly updatePolicy?: EndpointUpdatePolicy;
  /**
   * When the alarms go off that roll an update back.
   *
   * @default - at one percent of failed requests in a minute, or answers that take more than 30 seconds
   */
  readonly alarms?: EndpointAlarmOptions;
  /**
   * Keeps requests and answers below `captured/<endpoint>/` in the bucket.
   *
   * @default - nothing is kept
   */
  readonly dataCapture?: DataCapture;
  /**
   * Answers later, by way of the bucket.
   *
   * @default - the caller waits for the answer
   */
  readonly asyncInference?: AsyncInference;
  /**
   * Explains predictions. Answers then have SageMaker Clarify's format, and so must those of `smokeTest`.
   *
   * @default - nothing is explained
   */
  readonly explainer?: ShapExplainer;
  /**
   * Tries each new model with copies of the requests before it is released. Not with a rolling update, `asyncInference`,
   * `explainer` or `fallbackInstanceTypes`.
   *
   * @default - new models are released without
   */
  readonly shadowTest?: ShadowTest;
  /**
   * What the endpoint is asked once a release serves. Wrong answers bring the release before back.
   *
   * @default - nothing; a release that is healthy and raises no alarm is good
   */
  readonly smokeTest?: SmokeTest;
  /**
   * How many endpoint configs and models stay, newest first, those in use included; 1 to 100. Older ones are removed
   * after each release. Artifacts stay, and any of them can be released again.
   *
   * @default 5
   */
  readonly keepReleases?: number;
  /**
   * The host's image, whose driver has to fit the CUDA version of the container's.
   *
   * @default - from the CUDA version in the image's tag, for GPU instances
   */
  readonly inferenceAmiVersion?: string;
}
