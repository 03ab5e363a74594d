import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';

/** What a delivery hands from one step to the next: source and assembly. It expires, and goes with the pipeline. */
export function createDeliveryArtifacts(scope: Construct, id: string): Bucket {
  const encryptionKey = new Key(scope, `${id}Key`, {
    description: `Artifacts of ${scope.node.path}`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const bucket = new Bucket(scope, id, {
    versioned: true,
    encryption: BucketEncryption.KMS,
    encryptionKey,
    bucketKeyEnabled: true,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ expiration: Duration.days(30), noncurrentVersionExpiration: Duration.days(1) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const why =
    'Holds copies of the repository and its assembly for a month; both can be made again from the repository.';
  acknowledge(bucket, {
    'AwsSolutions-S1': `${why} CodePipeline records every access in its execution history.`,
    'NIST.800.53.R5-S3BucketLoggingEnabled': `${why} CodePipeline records every access in its execution history.`,
    'NIST.800.53.R5-S3BucketReplicationEnabled': why,
  });
  return bucket;
}
