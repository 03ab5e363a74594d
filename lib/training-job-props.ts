import { IConnectable, ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { IGrantable, IRole } from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { IModelBucket } from './model-bucket';
import { TrainingOptions } from './training-options';

/** What a `TrainingJob` needs besides how to train. */
export interface TrainingJobProps extends TrainingOptions {
  /** The model's name, 1 to 24 lower-case letters, digits and hyphens. Jobs are named after it. */
  readonly modelName: string;
  /** Where the result goes, below `raw/<modelName>/`. */
  readonly models: IModelBucket;
}

/** Where the state finds what differs from build to build. */
export interface TrainingStateOptions {
  /**
   * Path of the beginning of the job's name in the state's input: `<modelName>-` and more, at most 57 characters. The
   * state adds five, so that a retry is another job.
   *
   * @default - `$.trainingJobName`
   */
  readonly jobNamePath?: string;
  /**
   * Path of the build's name in the state's input.
   *
   * @default - `$.build`
   */
  readonly buildPath?: string;
  /**
   * Where the result goes: `{ source, trainingJobName, trainingJobArn }`, `source` being the S3 address of the model.
   *
   * @default - `$.raw`
   */
  readonly resultPath?: string;
}

/** Training jobs of a model, as other stacks see them. */
export interface ITrainingJob extends IConstruct, IGrantable, IConnectable {
  /** The role that the jobs run with. */
  readonly role: IRole;
  /** ARN pattern of the jobs. */
  readonly jobArns: string;
}

/** How to refer to training jobs that another stack owns, in the same account and region. */
export interface TrainingJobAttributes {
  /** The model's name, after which the jobs are named. */
  readonly modelName: string;
  /** The role that the jobs run with. */
  readonly role: IRole;
  /**
   * Security groups of the instances.
   *
   * @default - none; the jobs do not run in a VPC
   */
  readonly securityGroups?: ISecurityGroup[];
}
