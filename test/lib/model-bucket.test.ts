import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ModelBucket, ModelBucketProps } from '../../lib';
import { newStack } from './support/pipelines';

function template(props?: ModelBucketProps): Template {
  const stack = newStack();
  new ModelBucket(stack, 'Models', props);
  return Template.fromStack(stack);
}

const MODELS = Match.objectLike({ VersioningConfiguration: { Status: 'Enabled' } });

test('is versioned, encrypted, closed, and tells EventBridge', () => {
  template().hasResourceProperties('AWS::S3::Bucket', {
    VersioningConfiguration: { Status: 'Enabled' },
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Match.anyValue() },
        },
      ],
    },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    LoggingConfiguration: { LogFilePrefix: 'access/' },
  });
});

test('refuses requests without TLS', () => {
  template().hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
});

test('has a key that rotates and that CloudWatch Logs may use for logs of this account', () => {
  template().hasResourceProperties('AWS::KMS::Key', {
    EnableKeyRotation: true,
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({ Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': Match.anyValue() } } }),
      ]),
    },
  });
});

test('forgets uploads, versions, raw models and work, and never artifacts, by default', () => {
  template().hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: {
      Rules: [
        { Id: 'aborted-uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, Status: 'Enabled' },
        { Id: 'old-versions', NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' },
        { Id: 'raw', Prefix: 'raw/', ExpirationInDays: 180, Status: 'Enabled' },
        { Id: 'work', Prefix: 'work/', ExpirationInDays: 30, Status: 'Enabled' },
        { Id: 'async', Prefix: 'async/', ExpirationInDays: 30, Status: 'Enabled' },
      ],
    },
  });
});

test('keeps what it is told for as long as it is told', () => {
  template({
    rawExpiration: Duration.days(10),
    workExpiration: Duration.days(11),
    noncurrentVersionExpiration: Duration.days(12),
    compressedExpiration: Duration.days(13),
    asyncExpiration: Duration.days(14),
  }).hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: {
      Rules: Match.arrayWith([
        Match.objectLike({ Id: 'old-versions', NoncurrentVersionExpiration: { NoncurrentDays: 12 } }),
        Match.objectLike({ Id: 'raw', ExpirationInDays: 10 }),
        Match.objectLike({ Id: 'work', ExpirationInDays: 11 }),
        Match.objectLike({ Id: 'async', ExpirationInDays: 14 }),
        Match.objectLike({ Id: 'compressed', Prefix: 'compressed/', ExpirationInDays: 13 }),
      ]),
    },
  });
});

test('outlives its stack unless told otherwise', () => {
  const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
  template().allResources('AWS::S3::Bucket', kept);
  template().allResources('AWS::KMS::Key', kept);
  template({ removalPolicy: RemovalPolicy.DESTROY }).allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
});

test('is emptied before it goes with its stack, if told so', () => {
  const emptied = template({ removalPolicy: RemovalPolicy.DESTROY, autoDeleteObjects: true });
  const [emptying] = Object.values(emptied.findResources('Custom::ModelpressEmptyBuckets')) as {
    Properties: { buckets: unknown[] };
  }[];
  // The models and the access logs.
  expect(emptying.Properties.buckets).toHaveLength(2);
  template({ removalPolicy: RemovalPolicy.DESTROY }).resourceCountIs('Custom::ModelpressEmptyBuckets', 0);
  expect(() => template({ autoDeleteObjects: true })).toThrow('needs removalPolicy: RemovalPolicy.DESTROY');
});

test('writes access logs where it is told, without a bucket of its own for them', () => {
  const stack = newStack();
  const logs = Bucket.fromBucketName(stack, 'Logs', 'central-logs');
  new ModelBucket(stack, 'Models', { serverAccessLogsBucket: logs });
  const made = Template.fromStack(stack);
  made.resourceCountIs('AWS::S3::Bucket', 1);
  made.hasResourceProperties('AWS::S3::Bucket', { LoggingConfiguration: { DestinationBucketName: 'central-logs' } });
});

test('needs no function to configure the bucket', () => {
  template().resourceCountIs('AWS::Lambda::Function', 0);
  template().hasResource('AWS::S3::Bucket', { Properties: MODELS });
});

test('refers to a bucket that exists, with the key that the bucket knows', () => {
  const stack = newStack();
  const bucket = new Bucket(stack, 'Own', { encryptionKey: new ModelBucket(stack, 'Models').encryptionKey });
  const imported = ModelBucket.fromModelBucketAttributes(stack, 'Imported', { bucket });
  expect(imported.bucket).toBe(bucket);
  expect(imported.encryptionKey).toBe(bucket.encryptionKey);
  expect(imported.logEncryptionKey).toBeUndefined();
});
