import { CreateModelPackageGroupInput, CreateModelPackageInput, ModelApprovalStatus } from '@aws-sdk/client-sagemaker';

/** What is kept of a model package group. Times in seconds since 1970, here and below. */
export interface ModelPackageGroupRecord {
  readonly arn: string;
  readonly request: CreateModelPackageGroupInput;
  readonly created: number;
  /** Version of its newest package; versions of deleted ones are not given again. */
  versions: number;
}

/** What is kept of a version in a group. */
export interface ModelPackageRecord {
  readonly arn: string;
  readonly group: string;
  readonly version: number;
  readonly request: CreateModelPackageInput;
  readonly created: number;
  modified: number;
  approval: ModelApprovalStatus;
  approvalDescription?: string;
  metadata: Record<string, string>;
}
