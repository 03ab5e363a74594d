import { join } from 'node:path';
import { App, Environment, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AlarmRule, AlarmState, AlarmStatusWidget, CompositeAlarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  CompressedModel,
  CompressionRecipe,
  DeepLearningContainer,
  EndpointAlarms,
  EndpointSpecification,
  EndpointUpdatePolicy,
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
import { FIXTURES, newApp } from './support/pipelines';

const SERVING = {
  image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
  instanceType: MlInstanceType.C7I_LARGE,
};

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
      ...SERVING,
    }),
  ModelPipeline: (scope, id, models, share) => void createPipeline(scope, id, models, share),
  ModelMonitoring: (scope, id, models, share) =>
    void new ModelMonitoring(scope, id, { pipeline: createPipeline(scope, `${id}Pipeline`, models, share) }),
};

function createPipeline(
  scope: Construct,
  id: string,
  models: IModelBucket,
  share?: boolean,
  endpoint: Partial<EndpointSpecification> = {},
): ModelPipeline {
  return new ModelPipeline(scope, id, {
    ...(share ? { models } : {}),
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    compression: { recipe: CompressionRecipe.int8() },
    endpoint: { ...SERVING, ...endpoint },
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
    const stack = new Stack(newApp(), 'Alone');
    create(stack, 'Only', imported(stack));
    expect(Template.fromStack(stack).toJSON()).toHaveProperty('Resources');
  });

  test('works twice in a stack, and apart from each other', () => {
    const stack = new Stack(newApp(), 'Twice', { env: HERE });
    const models = imported(stack);
    create(stack, 'One', models);
    create(stack, 'Two', models);
    const alone = new Stack(newApp(), 'Twice', { env: HERE });
    create(alone, 'One', imported(alone));
    expect(resourcesOf(stack)).toHaveLength(2 * resourcesOf(alone).length);
  });

  test.each(ELSEWHERE)('works with the bucket of a stack elsewhere: $account $region', (env) => {
    const app = newApp();
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

/** A resource of another account and region. */
const far = (service: string, resource: string): string => `arn:aws:${service}:eu-west-1:444455556666:${resource}`;

/** Every construct as another stack knows it, put to all uses that its interface has; what then reaches it. */
const IMPORTS: Record<string, (stack: Stack, caller: Role) => string[]> = {
  ModelBucket: (stack, caller) => {
    const key = Key.fromKeyArn(stack, 'Key', far('kms', 'key/models'));
    const bucket = Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'far-models', encryptionKey: key });
    const models = ModelBucket.fromModelBucketAttributes(stack, 'Models', { bucket });
    models.bucket.grantRead(caller);
    expect(models.encryptionKey).toBe(key);
    return [':s3:::far-models', far('kms', 'key/models')];
  },
  TrainingJob: (stack, caller) => {
    const role = Role.fromRoleArn(stack, 'Training', 'arn:aws:iam::444455556666:role/training');
    const training = TrainingJob.fromTrainingJobAttributes(stack, 'Job', { modelName: 'digits', role });
    expect(training.role).toBe(role);
    Grant.addToPrincipal({ grantee: caller, actions: ['sagemaker:StopTrainingJob'], resourceArns: [training.jobArns] });
    return [':444455556666:training-job/digits-*'];
  },
  ModelCompressor: (stack, caller) => {
    const stateMachineArn = far('states', 'stateMachine:compress');
    const compressor = ModelCompressor.fromModelCompressorAttributes(stack, 'Far', { stateMachineArn });
    compressor.grantCompress(caller);
    const definitionBody = DefinitionBody.fromChainable(compressor.toTask(stack, 'Compress'));
    new StateMachine(stack, 'Mine', { definitionBody });
    return [stateMachineArn];
  },
  CompressedModel: (stack) => {
    const model = CompressedModel.fromCompressedModelAttributes(stack, 'Model', {
      artifact: 's3://far-models/compressed/digits/build/',
      models: imported(stack),
      modelName: 'digits',
      modelFormat: ModelFormat.TFLITE,
    });
    new ModelEndpoint(stack, 'Endpoint', { model, ...SERVING });
    return ['s3://far-models/compressed/digits/build/'];
  },
  ModelEndpoint: (stack, caller) => {
    const endpointArn = far('sagemaker', 'endpoint/digits');
    const endpoint = ModelEndpoint.fromModelEndpointAttributes(stack, 'Endpoint', { endpointArn });
    endpoint.grantInvoke(caller);
    expect(endpoint.env).toEqual({ account: '444455556666', region: 'eu-west-1' });
    return [endpointArn];
  },
  ModelPipeline: (stack, caller) => {
    const [buildMachineArn, releaseMachineArn] = ['build', 'release'].map((it) => far('states', `stateMachine:${it}`));
    const pipeline = ModelPipeline.fromModelPipelineAttributes(stack, 'Pipeline', {
      buildMachineArn,
      releaseMachineArn,
      endpointName: 'digits',
      hasInferenceComponent: true,
    });
    pipeline.grantInvoke(caller);
    pipeline.buildMachine.grantStartExecution(caller);
    pipeline.releaseMachine.grantStartExecution(caller);
    return [
      buildMachineArn,
      releaseMachineArn,
      ':sagemaker:eu-west-1:444455556666:endpoint/digits',
      ':sagemaker:eu-west-1:444455556666:inference-component/digits',
    ];
  },
  ModelMonitoring: (stack) => {
    const monitoring = ModelMonitoring.fromModelMonitoringAttributes(stack, 'Monitoring', {
      dashboardName: 'digits',
      alarmTopicArn: far('sns', 'alarms'),
      alarmArns: [far('cloudwatch', 'alarm:errors'), far('cloudwatch', 'alarm:latency')],
    });
    const alarms = new EndpointAlarms(stack, 'Alarms', { endpointName: 'letters' });
    alarms.alarms.forEach((alarm) => monitoring.addAlarm(alarm));
    const all = AlarmRule.anyOf(...monitoring.alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM)));
    monitoring.addAlarm(new CompositeAlarm(stack, 'Any', { alarmRule: all }));
    monitoring.alarmTopic.addSubscription(new EmailSubscription('us@example.com'));
    new Dashboard(stack, monitoring.dashboardName, {
      widgets: [[new AlarmStatusWidget({ alarms: monitoring.alarms })]],
    });
    const updatePolicy = EndpointUpdatePolicy.rolling({ alarms: monitoring.alarms });
    createPipeline(stack, 'Pipeline', imported(stack), false, { updatePolicy, instanceCount: 2 });
    const made = Template.fromStack(stack);
    const tells = { AlarmActions: [far('sns', 'alarms')], OKActions: [far('sns', 'alarms')] };
    made.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', tells, alarms.alarms.length);
    made.hasResourceProperties('AWS::CloudWatch::CompositeAlarm', tells);
    expect(JSON.stringify(made)).toMatch(/AlarmName\W+errors\W+AlarmName\W+latency/);
    return [far('sns', 'alarms'), far('cloudwatch', 'alarm:errors'), far('cloudwatch', 'alarm:latency')];
  },
};

test.each(Object.keys(CONSTRUCTS))('%s can be referred to where another stack owns it', (name) => {
  for (const env of [undefined, HERE]) {
    const stack = new Stack(newApp(), 'Referring', { env });
    const caller = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const reached = IMPORTS[name](stack, caller);
    const template = JSON.stringify(Template.fromStack(stack));
    for (const one of reached) expect(template).toContain(one);
  }
});

test('there is nothing else to refer to', () => {
  expect(Object.keys(IMPORTS)).toEqual(Object.keys(CONSTRUCTS));
});
