import { join, resolve } from 'node:path';
import { App, Aws, Duration, Size, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import {
  CaptureMode,
  CompressionMode,
  CompressionRecipe,
  DeepLearningContainer,
  EndpointUpdatePolicy,
  EvaluationOptions,
  MlInstanceType,
  ModelCompleteness,
  ModelFormat,
  ModelPipeline,
  ModelPipelineProps,
  Pruning,
  ReleaseApproval,
  SmokeTest,
  TrainingDataDistribution,
  TrainingInputMode,
} from '../../../lib';
import { context } from '../../../cdk.json';

export const EXAMPLE = resolve(__dirname, '..', '..', '..', 'examples', 'tensorflow-digits');
export const FIXTURES = join(__dirname, 'fixtures');

/**
 * An app as `cdk init` would make it, feature flags included. What only a deployment reads of its assembly is not written:
 * copies of the assets, and the tree of constructs.
 */
export function newApp(): App {
  return new App({ context: { ...context, 'aws:cdk:disable-asset-staging': true }, treeMetadata: false });
}

export function newStack(id = 'Stack', app = newApp()): Stack {
  return new Stack(app, id);
}

/** The least that a pipeline with training needs, changed as told. */
export function pipelineProps(changes: Partial<ModelPipelineProps> = {}): ModelPipelineProps {
  return {
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    training: {
      image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
      instanceType: MlInstanceType.G5_XLARGE,
      sourceDirectory: join(EXAMPLE, 'training'),
    },
    compression: { recipe: CompressionRecipe.int8() },
    endpoint: {
      image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
      instanceType: MlInstanceType.C7I_LARGE,
      codeDirectory: join(EXAMPLE, 'serving'),
    },
    ...changes,
  };
}

/** The template of a stack with such a pipeline. */
export function pipelineTemplate(changes?: Partial<ModelPipelineProps>): Template {
  const stack = newStack();
  new ModelPipeline(stack, 'Pipeline', pipelineProps(changes));
  return Template.fromStack(stack);
}

/** The least that an evaluation needs. */
export function evaluationOptions(): EvaluationOptions {
  return {
    image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
    instanceType: MlInstanceType.M7I_XLARGE,
    sourceDirectory: join(EXAMPLE, 'evaluation'),
    limits: [{ metric: 'accuracy', maxDrop: 0.01 }],
  };
}

/** A pipeline that uses every property there is. */
export function maximalPipeline(stack: Stack, id = 'Pipeline'): ModelPipeline {
  const vpc = Vpc.fromVpcAttributes(stack, `${id}Vpc`, {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: ['a', 'b'],
    privateSubnetIds: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef2'],
    privateSubnetRouteTableIds: ['rtb-0123456789abcdef1', 'rtb-0123456789abcdef2'],
  });
  const dataKey = Key.fromKeyArn(stack, `${id}DataKey`, `arn:${Aws.PARTITION}:kms:us-east-1:111122223333:key/data`);
  const volumeKey = Key.fromKeyArn(
    stack,
    `${id}VolumeKey`,
    `arn:${Aws.PARTITION}:kms:us-east-1:111122223333:key/volume`,
  );
  const data = Bucket.fromBucketAttributes(stack, `${id}Data`, { bucketName: 'training-data', encryptionKey: dataKey });
  const errors = new Alarm(stack, `${id}Errors`, {
    metric: new Metric({ namespace: 'AWS/SageMaker', metricName: 'Invocation5XXErrors' }),
    threshold: 1,
    evaluationPeriods: 1,
  });
  errors.addAlarmAction(
    new SnsAction(Topic.fromTopicArn(stack, `${id}Topic`, 'arn:aws:sns:us-east-1:111122223333:alarms')),
  );
  const alarm = Alarm.fromAlarmName(stack, `${id}Alarm`, 'too-many-errors');
  const pipeline = new ModelPipeline(stack, id, {
    modelName: 'llama',
    modelFormat: ModelFormat.SAFETENSORS,
    training: {
      image: DeepLearningContainer.HUGGINGFACE_PYTORCH_TRAINING_2_9_GPU,
      instanceType: MlInstanceType.of('ml.p3.8xlarge'),
      instanceCount: 2,
      sourceDirectory: join(FIXTURES, 'training'),
      entryPoint: 'fine_tune.py',
      hyperparameters: { epochs: 3, rate: 1e-4, name: 'tiny', layers: [1, 2] },
      environment: { TOKENIZERS_PARALLELISM: 'false' },
      channels: [
        {
          name: 'train',
          bucket: data,
          prefix: 'train/',
          inputMode: TrainingInputMode.FAST_FILE,
          contentType: 'application/json',
        },
        { name: 'test', bucket: data, prefix: 'test/', distribution: TrainingDataDistribution.SHARDED },
      ],
      volumeSizeInGb: 100,
      volumeEncryptionKey: volumeKey,
      spot: true,
      maxRuntime: Duration.hours(2),
      maxWait: Duration.hours(8),
      checkpoints: true,
      retryAttempts: 5,
      vpc,
      networkIsolation: true,
      interContainerTrafficEncryption: true,
      metrics: [{ name: 'loss', regex: 'loss: ([0-9.]+)' }],
    },
    compression: {
      recipe: CompressionRecipe.w4a16({ groupSize: 64 })
        .withMode(CompressionMode.EXACT)
        .withPruning(Pruning.magnitude(0.25))
        .withIgnore('lm_head', 're:.*gate')
        .withOverrides({ match: 're:.*down_proj', recipe: CompressionRecipe.w8a16({ groupSize: 128 }) }),
      memorySize: 10240,
      maxConcurrency: 1000,
      timeout: Duration.minutes(10),
    },
    approval: ReleaseApproval.MANUAL,
    limits: {
      maxRelativeError: 0.5,
      minSqnrDb: 10,
      maxTensorRelativeError: 0.5,
      minTensorSqnrDb: 5,
      ignoredTensors: ['re:.*embed.*'],
      minSparsity: 0.1,
      maxSparsity: 0.9,
      maxSize: Size.gibibytes(20),
      minCompressionRatio: 2,
    },
    evaluation: {
      image: DeepLearningContainer.VLLM_0_27,
      instanceType: MlInstanceType.of('ml.p3.2xlarge'),
      sourceDirectory: join(FIXTURES, 'training'),
      entryPoint: 'fine_tune.py',
      arguments: ['--tasks', 'all'],
      environment: { HF_HUB_OFFLINE: '1' },
      inputs: [{ name: 'golden', bucket: data, prefix: 'golden/' }],
      limits: [{ metric: 'perplexity', maxRelativeRise: 0.02, max: 9 }],
      maxRuntime: Duration.hours(3),
      volumeSizeInGb: 200,
      volumeEncryptionKey: volumeKey,
      vpc,
      networkIsolation: true,
    },
    endpoint: {
      image: DeepLearningContainer.VLLM_0_27,
      instanceType: MlInstanceType.of('ml.p3.2xlarge'),
      instanceCount: 2,
      endpointName: `${id.toLowerCase()}-llama`,
      codeDirectory: join(FIXTURES, 'serving'),
      environment: { SM_VLLM_MAX_MODEL_LEN: '4096' },
      vpc,
      networkIsolation: true,
      startupTimeout: Duration.minutes(20),
      downloadTimeout: Duration.minutes(30),
      volumeSizeInGb: 200,
      volumeEncryptionKey: volumeKey,
      updatePolicy: EndpointUpdatePolicy.allAtOnce({
        terminationWait: Duration.minutes(10),
        maximumExecutionTimeout: Duration.hours(2),
        alarms: [alarm, errors],
      }),
      alarms: {
        maxServerErrorShare: 0.05,
        maxClientErrorShare: 0.2,
        maxModelLatency: Duration.seconds(5),
        evaluationPeriods: 2,
      },
      smokeTest: SmokeTest.fromRequests([
        { name: 'hello', body: '{"prompt":"Hello"}', expected: '{"choices":[{"index":0}]}', relativeTolerance: 0.01 },
      ]),
      keepReleases: 10,
      dataCapture: { samplingPercentage: 5, modes: [CaptureMode.INPUT] },
      explainer: { baseline: '{"features":[""]}', baselineMimeType: 'application/jsonlines', seed: 7 },
      fallbackInstanceTypes: [MlInstanceType.of('ml.p3.8xlarge')],
      instanceProvisionTimeout: Duration.minutes(15),
      scaling: {
        minInstanceCount: 2,
        maxInstanceCount: 8,
        invocationsPerInstance: 60,
        scaleOutCooldown: Duration.minutes(1),
        scaleInCooldown: Duration.minutes(15),
      },
    },
    runOnDeploy: true,
    runOnNewModel: { bucket: data, prefix: 'uploads/', completeness: ModelCompleteness.modelFiles() },
    runOnSchedule: ScheduleExpression.cron({ hour: '3', minute: '0' }),
    statusInterval: Duration.seconds(30),
  });
  pipeline.addSource(data, 'models/');
  return pipeline;
}
