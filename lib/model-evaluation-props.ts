import { EvaluationOptions } from './evaluation-options';
import { IModelBucket } from './model-bucket';

/** What a `ModelEvaluation` needs besides how to evaluate. */
export interface ModelEvaluationProps extends EvaluationOptions {
  /** The model's name, 1 to 24 lower-case letters, digits and hyphens. Jobs are named after it. */
  readonly modelName: string;
  /** Where models are, and where the metrics go, below `evaluation/<modelName>/`. */
  readonly models: IModelBucket;
  /** What the metrics are filed under in CloudWatch. Unique in the account and region. */
  readonly pipelineName: string;
}

/** Where the states find what differs from build to build. */
export interface EvaluationStateOptions {
  /**
   * Path of the beginning of the job's name in the input: `<modelName>-` and more, at most 57 characters.
   *
   * @default - `$.evaluationJobName`
   */
  readonly jobNamePath?: string;
  /**
   * Path of the build's name in the input.
   *
   * @default - `$.build`
   */
  readonly buildPath?: string;
  /**
   * Path of the raw model's S3 address in the input.
   *
   * @default - `$.raw.source`
   */
  readonly rawPath?: string;
  /**
   * Path of the artifact's S3 address in the input.
   *
   * @default - `$.plan.artifact`
   */
  readonly artifactPath?: string;
}
