import { IRole } from 'aws-cdk-lib/aws-iam';
import { IModelBucket } from '../model-bucket';
import { allow, allowKey, allowList, allowObjects } from './grants';
import { COMPRESSED, WORK } from './prefixes';

/** Lets a function give builds of a model up: forget their plans, abort their uploads, remove half an artifact. */
export function allowGivingUp(role: IRole, models: IModelBucket, modelName: string): void {
  const { bucket, encryptionKey } = models;
  const [work, compressed] = [WORK, COMPRESSED].map((prefix) => `${prefix}/${modelName}/`);
  allowList(role, bucket, [work, compressed], true);
  allowObjects(role, bucket, work, ['s3:GetObject', 's3:DeleteObject']);
  allowObjects(role, bucket, compressed, ['s3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload']);
  allowListUploads(role, models, modelName);
  allowKey(role, encryptionKey, 'read');
}

/** Lets a function see which uploads of artifacts are open. */
export function allowListUploads(role: IRole, { bucket }: IModelBucket, modelName: string): void {
  allow(role, {
    actions: ['s3:ListBucketMultipartUploads'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': `${COMPRESSED}/${modelName}/*` } },
  });
}
