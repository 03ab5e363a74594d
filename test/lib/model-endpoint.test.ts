import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import {
  CompressedModel,
  DeepLearningContainer,
  EndpointUpdatePolicy,
  ICompressedModel,
  MlInstanceType,
  ModelBucket,
  ModelEndpoint,
  ModelEndpointProps,
  ModelFormat,
} from '../../lib';
import { newStack } from './support/pipelines';

function artifact(stack: Stack, changes: Partial<ICompressedModel> = {}): ICompressedModel {
  const bucket = Bucket.fromBucketName(stack, 'Bucket', 'models');
  return CompressedModel.fromCompressedModelAttributes(stack, 'Model', {
    artifact: 's3://models/compressed/digits/build/',
    models: ModelBucket.fromModelBucketAttributes(stack, 'Models', { bucket }),
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    hasServingCode: true,
    ...changes,
  });
}

function endpoint(
  stack: Stack,
  changes: Partial<ModelEndpointProps> = {},
  model: Partial<ICompressedModel> = {},
): ModelEndpoint {
  return new ModelEndpoint(stack, 'Endpoint', {
    model: artifact(stack, model),
    image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
    instanceType: MlInstanceType.C7I_LARGE,
    ...changes,
  });
}

test('serves the artifact with its code, and is replaced piece by piece when something changes', () => {
  const stack = newStack();
  endpoint(stack);
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SageMaker::Model', {
    ModelName: Match.absent(),
    PrimaryContainer: {
      Environment: { SAGEMAKER_PROGRAM: 'inference.py' },
      ModelDataSource: { S3DataSource: { S3Uri: 's3://models/compressed/digits/build/', S3DataType: 'S3Prefix' } },
    },
  });
  template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
    EndpointConfigName: Match.absent(),
    ProductionVariants: [
      {
        InstanceType: 'ml.c7i.large',
        InitialInstanceCount: 1,
        ModelName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointModel'), 'ModelName'] },
      },
    ],
  });
  template.hasResourceProperties('AWS::SageMaker::Endpoint', {
    EndpointConfigName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointConfig'), 'EndpointConfigName'] },
    RetainAllVariantProperties: Match.absent(),
  });
  // Its first act is to read the image and the artifact with the role.
  const [model] = Object.values(template.findResources('AWS::SageMaker::Model')) as { DependsOn: string[] }[];
  expect(model.DependsOn.some((name) => name.includes('RoleDefaultPolicy'))).toBe(true);
});

test('updates as the policy says', () => {
  const stack = newStack();
  const alarm = Alarm.fromAlarmName(stack, 'Alarm', 'errors');
  endpoint(stack, { updatePolicy: EndpointUpdatePolicy.allAtOnce({ alarms: [alarm] }) });
  Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::Endpoint', {
    DeploymentConfig: {
      AutoRollbackConfiguration: {
        Alarms: Match.arrayWith([
          { AlarmName: 'errors' },
          { AlarmName: { Ref: Match.stringLikeRegexp('AlarmsServerErrors') } },
        ]),
      },
      BlueGreenUpdatePolicy: { TerminationWaitInSeconds: 300 },
    },
  });
});

test('chooses the host by the CUDA version of the image', () => {
  const stack = newStack();
  endpoint(
    stack,
    { image: DeepLearningContainer.VLLM_0_27, instanceType: MlInstanceType.G6_XLARGE },
    { modelFormat: ModelFormat.SAFETENSORS, hasServingCode: false },
  );
  Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::EndpointConfig', {
    ProductionVariants: [{ InferenceAmiVersion: 'al2023-ami-sagemaker-inference-gpu-4-1' }],
  });
});

test('scales, and keeps the count that it has reached over updates', () => {
  const stack = newStack();
  const made = endpoint(stack);
  const scaling = made.autoScale({ maxInstanceCount: 4 });
  scaling.scaleOnInvocations('Load', 300);
  expect(() => made.autoScale({ maxInstanceCount: 5 })).toThrow('scales already');
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SageMaker::Endpoint', { RetainAllVariantProperties: true });
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
    MinCapacity: 1,
    MaxCapacity: 4,
    ResourceId: { 'Fn::Join': ['', ['endpoint/', Match.anyValue(), '/variant/main']] },
  });
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 300,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
    },
  });
  template.resourceCountIs('AWS::IAM::Role', 1);
});

test('tells its numbers under its own name', () => {
  const stack = newStack();
  const made = endpoint(stack, { endpointName: 'digits' });
  const metrics = [made.metricInvocations(), made.metricModelLatency(), made.metrics.metricGpuUtilization()];
  expect(metrics.map((metric) => stack.resolve(metric.toMetricConfig().metricStat?.dimensions) as unknown)).toEqual(
    metrics.map(() => [
      { name: 'EndpointName', value: { 'Fn::GetAtt': [expect.stringMatching('^Endpoint'), 'EndpointName'] } },
      { name: 'VariantName', value: 'main' },
    ]),
  );
});

test('refuses what could never serve', () => {
  expect(() => endpoint(newStack(), { instanceType: MlInstanceType.G6_XLARGE })).toThrow('would idle');
  expect(() => endpoint(newStack(), { instanceCount: 0 })).toThrow('instanceCount must be a whole number');
  expect(() => endpoint(newStack()).autoScale({ maxInstanceCount: 1, minInstanceCount: 2 })).toThrow(
    'minInstanceCount (2) must not exceed maxInstanceCount (1)',
  );
});

test.each(['made here', 'imported'])('lets an identity call it, and nothing else: %s', (origin) => {
  const stack = newStack();
  const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const endpointArn = 'arn:aws:sagemaker:us-east-1:111122223333:endpoint/digits';
  const used: IEndpoint =
    origin === 'imported'
      ? ModelEndpoint.fromModelEndpointAttributes(stack, 'Imported', { endpointArn })
      : endpoint(stack);
  used.grantInvoke(role);
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    Roles: [{ Ref: Match.stringLikeRegexp('^Caller') }],
    PolicyDocument: {
      Statement: [
        {
          Action: [
            'sagemaker:InvokeEndpoint',
            'sagemaker:InvokeEndpointAsync',
            'sagemaker:InvokeEndpointWithResponseStream',
          ],
          Effect: 'Allow',
          Resource:
            origin === 'imported'
              ? endpointArn
              : { 'Fn::GetAtt': [Match.stringLikeRegexp('^Endpoint'), 'EndpointArn'] },
        },
      ],
    },
  });
  if (origin === 'imported') expect(used.endpointName).toBe('digits');
});
