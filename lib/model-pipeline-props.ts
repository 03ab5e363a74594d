import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { CompressionLimits } from './compression-limits';
import { CompressionOptions } from './compression-options';
import { EndpointSpecification } from './endpoint-specification';
import { EvaluationOptions } from './evaluation-options';
import { IModelBucket } from './model-bucket';
import { ModelFormat } from './model-format';
import { NotificationOptions } from './pipeline-notifications';
import { NewModelOptions } from './new-model-options';
import { ReleaseApproval } from './release-approval';
import { TrainingOptions } from './training-options';

/** A model's way from training to an endpoint. */
export interface ModelPipelineProps {
  /** The model's name, 1 to 24 lower-case letters, digits and hyphens. */
  readonly modelName: string;
  /** What kind of file the model is. Decides with which images, instances and recipes it goes together. */
  readonly modelFormat: ModelFormat;
  /** How the model is compressed. */
  readonly compression: CompressionOptions;
  /**
   * What a compressed model must keep to be released.
   *
   * @default - an error smaller than the weights themselves
   */
  readonly limits?: CompressionLimits;
  /**
   * How a compressed model is compared with the raw one before it is released.
   *
   * @default - not at all; only `limits` decide
   */
  readonly evaluation?: EvaluationOptions;
  /**
   * Who decides whether a build that passed its gates is released.
   *
   * @default ReleaseApproval.AUTOMATIC
   */
  readonly approval?: ReleaseApproval;
  /** The endpoint that serves it. */
  readonly endpoint: EndpointSpecification;
  /**
   * How the model is trained.
   *
   * @default - not at all; builds are told of a trained model
   */
  readonly training?: TrainingOptions;
  /**
   * Where models are kept.
   *
   * @default - a new ModelBucket
   */
  readonly models?: IModelBucket;
  /**
   * What happens to the pipeline's own bucket and its key when the stack is deleted. `DESTROY` empties it first: every
   * model in it is lost.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Starts a build when a deployment changes the training, the recipe, the serving code, the limits, the evaluation or
   * the endpoint. It does what the change asks for: another training trains, another recipe compresses the current raw
   * model again, other limits judge the current artifact again, another endpoint releases it again.
   *
   * @default true
   */
  readonly runOnDeploy?: boolean;
  /**
   * Builds a trained model that is put into a bucket, once all of it is there.
   *
   * @default - uploads start nothing
   */
  readonly runOnNewModel?: NewModelOptions;
  /**
   * Trains anew at these times, from the data that lies there then. Needs `training`.
   *
   * @default - no schedule
   */
  readonly runOnSchedule?: ScheduleExpression;
  /**
   * How often a release looks at its endpoint, 1 second to 5 minutes.
   *
   * @default Duration.seconds(15)
   */
  readonly statusInterval?: Duration;
  /**
   * How people hear of builds and releases that fail.
   *
   * @default - by a new topic that nobody subscribes to yet
   */
  readonly notifications?: NotificationOptions;
}
