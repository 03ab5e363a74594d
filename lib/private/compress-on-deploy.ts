import { CustomResource, Duration } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { ModelCompressor } from '../model-compressor';
import { ModelSourceConfig } from '../model-source';
import { createProvider } from './custom-resource-provider';
import { executionArns } from './grant-executions';
import { allow, allowKey, allowList, allowObjects } from './grants';
import { HandlerFunction } from './handler-function';
import { COMPRESSED, RAW } from './prefixes';

export interface CompressOnDeployProps {
  readonly compressor: ModelCompressor;
  readonly models: IModelBucket;
  readonly modelName: string;
  readonly source: ModelSourceConfig;
  /** Where the model lies once it can be compressed. */
  readonly sourceAddress: string;
  readonly sourceVersion?: string;
  /** Digest of all that decides on the artifact besides the model's own bytes. */
  readonly specification: string;
  readonly maxConcurrency: number;
  readonly memorySize: number;
  readonly removeArtifact: boolean;
}

/** Compresses while CloudFormation waits. */
export class CompressOnDeploy extends Construct {
  public readonly resource: CustomResource;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CompressOnDeployProps,
  ) {
    super(scope, id);
    const { compressor, models, modelName, source } = props;
    const provider = createProvider(this, 'Provider', {
      onEvent: this.createStart(),
      isComplete: this.createWait(),
      logEncryptionKey: models.logEncryptionKey,
    });
    this.resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::ModelpressCompressedModel',
      serviceToken: provider.serviceToken,
      properties: {
        stateMachineArn: compressor.stateMachine.stateMachineArn,
        model: modelName,
        bucket: models.bucket.bucketName,
        source: props.sourceAddress,
        files: source.files?.map(({ bucket, objectKey, path }) => ({
          bucket: bucket.bucketName,
          key: objectKey,
          name: path,
        })),
        specification: props.specification,
        sourceVersion: props.sourceVersion,
        maxConcurrency: `${props.maxConcurrency}`,
        memorySize: `${props.memorySize}`,
        removeArtifact: `${props.removeArtifact}`,
      },
    });
    // Its functions and roles have to be whole before the first build, and until the last one has ended.
    this.resource.node.addDependency(compressor);
  }

  private createStart(): HandlerFunction {
    const { models, modelName, removeArtifact } = this.props;
    const start = new HandlerFunction(this, 'Start', {
      handler: 'compress-on-deploy',
      description: `Starts compressing the model ${modelName} during deployments`,
      timeout: Duration.minutes(15),
      memorySize: 512,
      logEncryptionKey: models.logEncryptionKey,
    });
    this.allowStart(start.role);
    this.allowSource(start.role);
    const compressed = `${COMPRESSED}/${modelName}/`;
    allowObjects(start.role, models.bucket, compressed, ['s3:GetObject'], '*/manifest.json');
    if (removeArtifact) allowObjects(start.role, models.bucket, compressed, ['s3:DeleteObject']);
    allowList(start.role, models.bucket, [compressed, `${RAW}/${modelName}/`], true);
    allowKey(start.role, models.encryptionKey, 'write');
    return start;
  }

  private allowStart(role: IRole): void {
    const { stateMachine } = this.props.compressor;
    allow(role, {
      actions: ['states:StartExecution', 'states:ListExecutions'],
      resources: [stateMachine.stateMachineArn],
    });
    allow(role, {
      actions: ['states:StopExecution'],
      resources: [executionArns(stateMachine)],
      wildcardReason: 'The executions of one machine, whose names come with each build.',
    });
  }

  private allowSource(role: IRole): void {
    const { source, models, modelName } = this.props;
    for (const { bucket, objectKey } of source.files ?? []) allowObjects(role, bucket, objectKey, ['s3:GetObject'], '');
    if (source.bucket === undefined) {
      allowObjects(role, models.bucket, `${RAW}/${modelName}/`, ['s3:GetObject', 's3:PutObject']);
    } else {
      allowList(role, source.bucket, [source.prefix ?? ''], true);
    }
  }

  private createWait(): HandlerFunction {
    const { models, modelName, compressor, source } = this.props;
    const wait = new HandlerFunction(this, 'Wait', {
      handler: 'compress-on-deploy-complete',
      description: `Waits until the model ${modelName} is compressed`,
      timeout: Duration.minutes(2),
      logEncryptionKey: models.logEncryptionKey,
    });
    const executions = executionArns(compressor.stateMachine);
    allow(wait.role, {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [executions],
      wildcardReason: 'The executions of one machine, whose names come with each build.',
    });
    allowObjects(wait.role, models.bucket, `${COMPRESSED}/${modelName}/`, ['s3:GetObject'], '*/manifest.json');
    allowList(wait.role, models.bucket, [`${COMPRESSED}/${modelName}/`, `${RAW}/${modelName}/`], true);
    if (source.bucket !== undefined) allowList(wait.role, source.bucket, [source.prefix ?? ''], true);
    allowKey(wait.role, models.encryptionKey, 'read');
    return wait;
  }
}
