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

/** A copy of the model's files may take long. */
const START_TIMEOUT = Duration.minutes(15);

/** Clocks differ. */
const MARGIN_SECONDS = 60;

/** Compresses while CloudFormation waits; removes what is left at the deletion, when nothing else comes by for it any more. */
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
    const { models, modelName } = this.props;
    const start = new HandlerFunction(this, 'Start', {
      handler: 'compress-on-deploy',
      description: `Starts compressing the model ${modelName} during deployments`,
      timeout: START_TIMEOUT,
      memorySize: 512,
      logEncryptionKey: models.logEncryptionKey,
    });
    allow(start.role, {
      actions: ['states:StartExecution'],
      resources: [this.props.compressor.stateMachine.stateMachineArn],
    });
    this.allowSource(start.role);
    const compressed = `${COMPRESSED}/${modelName}/`;
    allowObjects(start.role, models.bucket, compressed, ['s3:GetObject'], '*/manifest.json');
    allowList(start.role, models.bucket, [compressed, `${RAW}/${modelName}/`], true);
    allowKey(start.role, models.encryptionKey, 'write');
    return start;
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
    const { models, modelName, compressor, source, removeArtifact } = this.props;
    const compressed = `${COMPRESSED}/${modelName}/`;
    const leftBehind = compressor._removeFunction!;
    const wait = new HandlerFunction(this, 'Wait', {
      handler: 'compress-on-deploy-complete',
      description: `Waits until the model ${modelName} is compressed, and removes what goes with the stack`,
      timeout: Duration.minutes(15),
      logEncryptionKey: models.logEncryptionKey,
      environment: {
        LEFT_BEHIND_FUNCTION: leftBehind.functionName,
        LINGER_SECONDS: `${compressor._timeout.toSeconds() + MARGIN_SECONDS}`,
        START_SECONDS: `${START_TIMEOUT.toSeconds() + MARGIN_SECONDS}`,
      },
    });
    const { stateMachine } = compressor;
    allow(wait.role, { actions: ['states:ListExecutions'], resources: [stateMachine.stateMachineArn] });
    allow(wait.role, {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [executionArns(stateMachine)],
      wildcardReason: 'The executions of one machine, whose names come with each build.',
    });
    allow(wait.role, { actions: ['lambda:InvokeFunction'], resources: [leftBehind.functionArn] });
    allowObjects(wait.role, models.bucket, compressed, ['s3:GetObject'], '*/manifest.json');
    if (removeArtifact) allowObjects(wait.role, models.bucket, compressed, ['s3:DeleteObject']);
    allowList(wait.role, models.bucket, [compressed, `${RAW}/${modelName}/`], true);
    if (source.bucket !== undefined) allowList(wait.role, source.bucket, [source.prefix ?? ''], true);
    allowKey(wait.role, models.encryptionKey, 'read');
    return wait;
  }
}
