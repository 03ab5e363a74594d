import { join } from 'node:path';
import { App, Environment, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { context } from '../../cdk.json';
import {
  CompressedModel,
  CompressionRecipe,
  DeepLearningContainer,
  IModelBucket,
  MlInstanceType,
  ModelBucket,
  ModelCompressor,
  ModelEndpoint,
  ModelFormat,
  ModelMonitoring,
  ModelPipeline,
  ModelSource,
  TrainingJob,
} from '../../lib';
import { FIXTURES } from './support/pipelines';

/** Every construct with the props that it requires and no others, unless it is to `share` a bucket. */
const CONSTRUCTS: Record<string, (scope: Construct, id: string, models: IModelBucket, share?: boolean) => void> = {
  ModelBucket: (scope, id) => void new ModelBucket(scope, id),
  TrainingJob: (scope, id, models) =>
    void new TrainingJob(scope, id, {
      modelName: 'digits',
      models,
      image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
      instanceType: MlInstanceType.G5_XLARGE,
    }),
  ModelCompressor: (scope, id, models) =>
    void new ModelCompressor(scope, id, { modelName: 'digits', models, recipe: CompressionRecipe.int8() }),
  CompressedModel: (scope, id, models, share) =>
    void new CompressedModel(scope, id, {
      ...(share ? { models } : {}),
      modelName: 'digits',
      modelFormat: ModelFormat.TFLITE,
      source: ModelSource.fromAsset(join(FIXTURES, 'training')),
      recipe: CompressionRecipe.int8(),
    }),
  ModelEndpoint: (scope, id, models) =>
    void new ModelEndpoint(scope, id, {
      model: CompressedModel.fromCompressedModelAttributes(scope, `${id}Model`, {
        artifact: 's3://models/compressed/digits/build/',
        models,
        modelName: 'digits',
        modelFormat: ModelFormat.TFLITE,
      }),
      image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
      instanceType: MlInstanceType.C7I_LARGE,
    }),
  ModelPipeline: (scope, id, models, share) => void createPipeline(scope, id, models, share),
  ModelMonitoring: (scope, id, models, share) =>
    void new ModelMonitoring(scope, id, { pipeline: createPipeline(scope, `${id}Pipeline`, models, share) }),
};

function createPipeline(scope: Construct, id: string, models: IModelBucket, share?: boolean): ModelPipeline {
  return new ModelPipeline(scope, id, {
    ...(share ? { models } : {}),
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    compression: { recipe: CompressionRecipe.int8() },
    endpoint: {
      image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
      instanceType: MlInstanceType.C7I_LARGE,
    },
  });
}

const HERE = { account: '111122223333', region: 'us-east-1' };
const ELSEWHERE: Environment[] = [
  HERE,
  { account: '111122223333', region: 'eu-west-1' },
  { account: '444455556666', region: 'us-east-1' },
];

function imported(scope: Construct): IModelBucket {
  const bucket = Bucket.fromBucketName(scope, 'Imported', 'models');
  return ModelBucket.fromModelBucketAttributes(scope, 'Models', { bucket });
}

describe.each(Object.entries(CONSTRUCTS))('%s', (_, create) => {
  test('works in an empty stack, wherever that will be', () => {
    const stack = new Stack(new App({ context }), 'Alone');
    create(stack, 'Only', imported(stack));
    expect(Template.fromStack(stack).toJSON()).toHaveProperty('Resources');
  });

  test('works twice in a stack, and apart from each other', () => {
    const stack = new Stack(new App({ context }), 'Twice', { env: HERE });
    const models = imported(stack);
    create(stack, 'One', models);
    create(stack, 'Two', models);
    const alone = new Stack(new App({ context }), 'Twice', { env: HERE });
    create(alone, 'One', imported(alone));
    expect(resourcesOf(stack)).toHaveLength(2 * resourcesOf(alone).length);
  });

  test.each(ELSEWHERE)('works with the bucket of a stack elsewhere: $account $region', (env) => {
    const app = new App({ context });
    const owner = new Stack(app, 'Owner', { env: HERE });
    const bucket = new Bucket(owner, 'Bucket', { bucketName: 'models-of-the-owner' });
    const models = ModelBucket.fromModelBucketAttributes(owner, 'Models', { bucket });
    const user = new Stack(app, 'User', { env, crossRegionReferences: true });
    create(user, 'Far', models, true);
    expect(() => user.node.root instanceof App && user.node.root.synth()).not.toThrow();
  });
});

function resourcesOf(stack: Stack): string[] {
  return Object.keys((Template.fromStack(stack).toJSON() as { Resources: object }).Resources);
}

test('what another stack owns can be referred to', () => {
  const stack = new Stack(new App({ context }), 'Referring');
  const caller = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const arn = (resource: string): string => `arn:aws:states:us-east-1:111122223333:stateMachine:${resource}`;
  const pipeline = ModelPipeline.fromModelPipelineAttributes(stack, 'Pipeline', {
    buildMachineArn: arn('build'),
    releaseMachineArn: arn('release'),
    endpointName: 'digits',
  });
  pipeline.grantInvoke(caller);
  pipeline.buildMachine.grantStartExecution(caller);
  const training = TrainingJob.fromTrainingJobAttributes(stack, 'Training', { modelName: 'digits', role: caller });
  expect(training.grantPrincipal).toBe(caller.grantPrincipal);
  expect(stack.resolve(training.jobArns)).toEqual(
    stack.resolve(stack.formatArn({ service: 'sagemaker', resource: 'training-job', resourceName: 'digits-*' })),
  );
  const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  expect(policies).toContain('endpoint/digits');
  expect(policies).toContain(arn('build'));
});
