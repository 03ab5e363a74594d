import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { IKey, Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  IBucket,
  LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct, IConstruct } from 'constructs';
import { acknowledge } from './private/acknowledge';
import { EmptyBuckets } from './private/empty-buckets';
import { ASYNC, COMPRESSED, RAW, WORK } from './private/prefixes';
import { ensure } from './private/validate';

/** A bucket for models, with the keys that guard it. */
export interface IModelBucket extends IConstruct {
  /** The bucket itself. */
  readonly bucket: IBucket;
  /** The key that encrypts its objects. */
  readonly encryptionKey?: IKey;
  /** A key that CloudWatch Logs may use, for the logs of what works on the bucket. */
  readonly logEncryptionKey?: IKey;
}

/** How long a `ModelBucket` keeps what. */
export interface ModelBucketProps {
  /**
   * When what training produced expires. It can be trained again.
   *
   * @default Duration.days(180)
   */
  readonly rawExpiration?: Duration;
  /**
   * When finished artifacts expire. An endpoint that scales out reads its artifact again, so give a time only where
   * every model is released anew within it.
   *
   * @default - never
   */
  readonly compressedExpiration?: Duration;
  /**
   * When the plans and results of builds expire. Must outlast the longest build.
   *
   * @default Duration.days(30)
   */
  readonly workExpiration?: Duration;
  /**
   * When requests and answers of endpoints with `asyncInference` expire.
   *
   * @default Duration.days(30)
   */
  readonly asyncExpiration?: Duration;
  /**
   * When overwritten and deleted objects are gone for good.
   *
   * @default Duration.days(30)
   */
  readonly noncurrentVersionExpiration?: Duration;
  /**
   * Where the access logs go.
   *
   * @default - a log bucket is made; its logs expire after 90 days
   */
  readonly serverAccessLogsBucket?: IBucket;
  /**
   * What happens to the buckets and the key when the stack is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Whether the buckets are emptied before they are removed, which S3 asks for. Every model in them is lost. Needs
   * `removalPolicy: RemovalPolicy.DESTROY`.
   *
   * @default false
   */
  readonly autoDeleteObjects?: boolean;
}

/** How to refer to a bucket that another stack owns. */
export interface ModelBucketAttributes {
  /** The bucket. It should be versioned, and emit EventBridge events. */
  readonly bucket: IBucket;
  /**
   * The key that encrypts its objects.
   *
   * @default - the key that `bucket` knows of
   */
  readonly encryptionKey?: IKey;
  /**
   * A key whose policy lets CloudWatch Logs use it.
   *
   * @default - logs have CloudWatch Logs' own encryption
   */
  readonly logEncryptionKey?: IKey;
}

/**
 * Holds models: what training produced, what builds work on, and the finished artifacts. Versioned, encrypted with a
 * key of its own that rotates, closed to the public, reachable by TLS only, and telling EventBridge of every object.
 *
 * @example
 * new ModelBucket(this, 'Models');
 */
export class ModelBucket extends Construct implements IModelBucket {
  /** Refers to a bucket that exists. */
  public static fromModelBucketAttributes(
    scope: Construct,
    id: string,
    attributes: ModelBucketAttributes,
  ): IModelBucket {
    class Import extends Construct implements IModelBucket {
      public readonly bucket = attributes.bucket;
      public readonly encryptionKey = attributes.encryptionKey ?? attributes.bucket.encryptionKey;
      public readonly logEncryptionKey = attributes.logEncryptionKey;
    }
    return new Import(scope, id);
  }

  public readonly bucket: IBucket;
  public readonly encryptionKey?: IKey;
  public readonly logEncryptionKey?: IKey;

  constructor(scope: Construct, id: string, props: ModelBucketProps = {}) {
    super(scope, id);
    const { autoDeleteObjects, removalPolicy = RemovalPolicy.RETAIN } = props;
    ensure(
      autoDeleteObjects !== true || removalPolicy === RemovalPolicy.DESTROY,
      'autoDeleteObjects needs removalPolicy: RemovalPolicy.DESTROY; a bucket that stays keeps its objects',
    );
    this.encryptionKey = this.createKey(removalPolicy);
    this.logEncryptionKey = this.encryptionKey;
    const bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: this.encryptionKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: lifecycle(props),
      removalPolicy,
    });
    // Not the property of the same purpose: that one deploys a function that may rewrite the bucket's notifications.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    const logs = props.serverAccessLogsBucket === undefined ? this.createLogBucket(removalPolicy) : undefined;
    this.logAccess(bucket, logs ?? props.serverAccessLogsBucket!);
    if (autoDeleteObjects === true) {
      const buckets = logs === undefined ? [bucket] : [bucket, logs];
      new EmptyBuckets(this, 'Emptying', { buckets, logEncryptionKey: this.logEncryptionKey });
    }
    // What guards the bucket stays as long as the bucket.
    bucket.policy?.applyRemovalPolicy(removalPolicy);
    acknowledge(bucket, {
      'NIST.800.53.R5-S3BucketReplicationEnabled':
        'Every object can be built again from its source; whoever needs another region adds a replication rule of their own.',
    });
    this.bucket = bucket;
  }

  private createKey(removalPolicy: RemovalPolicy): Key {
    const stack = Stack.of(this);
    const key = new Key(this, 'Key', {
      description: `Models of ${this.node.path}`,
      enableKeyRotation: true,
      removalPolicy,
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': stack.formatArn({ service: 'logs', resource: '*' }),
          },
        },
      }),
    );
    return key;
  }

  /** By bucket policy, whatever feature flags the app has; without them the CDK falls back to access control lists. */
  private logAccess(bucket: Bucket, logs: IBucket): void {
    (bucket.node.defaultChild as CfnBucket).loggingConfiguration = {
      destinationBucketName: logs.bucketName,
      logFilePrefix: 'access/',
    };
    logs.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [logs.arnForObjects('access/*')],
        conditions: {
          ArnLike: { 'aws:SourceArn': bucket.bucketArn },
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
        },
      }),
    );
  }

  private createLogBucket(removalPolicy: RemovalPolicy): Bucket {
    const logs = new Bucket(this, 'AccessLogs', {
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: Duration.days(90), noncurrentVersionExpiration: Duration.days(1) }],
      removalPolicy,
    });
    logs.policy?.applyRemovalPolicy(removalPolicy);
    acknowledge(logs, {
      'AwsSolutions-S1': 'It holds access logs; logging the access to those into itself would never end.',
      'NIST.800.53.R5-S3BucketLoggingEnabled':
        'It holds access logs; logging the access to those into itself would never end.',
      'NIST.800.53.R5-S3DefaultEncryptionKMS':
        'The log delivery of S3 writes only to buckets that S3 encrypts with its own keys.',
      'NIST.800.53.R5-S3BucketReplicationEnabled':
        'Access logs expire after 90 days and are not worth a copy in another region.',
    });
    return logs;
  }
}

function lifecycle(props: ModelBucketProps): LifecycleRule[] {
  return [
    { id: 'aborted-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
    { id: 'old-versions', noncurrentVersionExpiration: props.noncurrentVersionExpiration ?? Duration.days(30) },
    { id: 'raw', prefix: `${RAW}/`, expiration: props.rawExpiration ?? Duration.days(180) },
    { id: 'work', prefix: `${WORK}/`, expiration: props.workExpiration ?? Duration.days(30) },
    { id: 'async', prefix: `${ASYNC}/`, expiration: props.asyncExpiration ?? Duration.days(30) },
    ...(props.compressedExpiration === undefined
      ? []
      : [{ id: 'compressed', prefix: `${COMPRESSED}/`, expiration: props.compressedExpiration }]),
  ];
}
