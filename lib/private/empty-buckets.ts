import { CustomResource, Duration } from 'aws-cdk-lib';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { createProvider } from './custom-resource-provider';
import { allow, allowObjects } from './grants';
import { HandlerFunction } from './handler-function';

export interface EmptyBucketsProps {
  readonly buckets: Bucket[];
  readonly logEncryptionKey?: IKey;
}

/** Does nothing until it is deleted, just before the buckets are; then closes them to new objects and removes all versions. */
export class EmptyBuckets extends Construct {
  constructor(scope: Construct, id: string, props: EmptyBucketsProps) {
    super(scope, id);
    const { buckets } = props;
    const provider = createProvider(this, 'Provider', {
      onEvent: this.createClose(props),
      isComplete: this.createRemoval(props),
      logEncryptionKey: props.logEncryptionKey,
    });
    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::ModelpressEmptyBuckets',
      serviceToken: provider.serviceToken,
      properties: { buckets: buckets.map(({ bucketArn }) => bucketArn) },
    });
    // A policy that goes first would leave the bucket open again.
    for (const { policy } of buckets) if (policy !== undefined) resource.node.addDependency(policy);
  }

  private createClose({ buckets, logEncryptionKey }: EmptyBucketsProps): HandlerFunction {
    const close = new HandlerFunction(this, 'Close', {
      handler: 'empty-buckets',
      description: `Closes the buckets of ${this.node.path} to new objects when they are to go`,
      timeout: Duration.minutes(1),
      logEncryptionKey,
    });
    allow(close.role, {
      actions: ['s3:GetBucketPolicy', 's3:PutBucketPolicy'],
      resources: buckets.map(({ bucketArn }) => bucketArn),
    });
    return close;
  }

  private createRemoval({ buckets, logEncryptionKey }: EmptyBucketsProps): HandlerFunction {
    const remove = new HandlerFunction(this, 'Remove', {
      handler: 'empty-buckets-complete',
      description: `Empties the buckets of ${this.node.path} when they are to go`,
      timeout: Duration.minutes(10),
      memorySize: 512,
      logEncryptionKey,
    });
    allow(remove.role, {
      actions: ['s3:ListBucketVersions'],
      resources: buckets.map(({ bucketArn }) => bucketArn),
    });
    for (const bucket of buckets) allowObjects(remove.role, bucket, '', ['s3:DeleteObject', 's3:DeleteObjectVersion']);
    return remove;
  }
}
