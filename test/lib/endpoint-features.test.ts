import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import {
  CaptureMode,
  EndpointSpecification,
  EndpointUpdatePolicy,
  MlInstanceType,
  ModelPipeline,
  SmokeTest,
} from '../../lib';
import { definitionOf, Json } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

function synthesize(
  changes: Partial<EndpointSpecification>,
  stack = newStack(),
): { specification: Json; policies: string } {
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, endpointName: 'e', ...changes } });
  const { specification } = definitionOf(stack, 'ReleaseMachine').States.Release.Parameters;
  return { specification, policies: JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy')) };
}

test('captured requests go below the endpoint, where nothing else may be written', () => {
  const { specification, policies } = synthesize({ dataCapture: { samplingPercentage: 20 } });
  expect(specification.endpointConfig.DataCaptureConfig).toEqual({
    EnableCapture: true,
    InitialSamplingPercentage: 20,
    DestinationS3Uri: expect.stringMatching(/^s3:\/\/<.*>\/captured$/) as string,
    CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
    CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'], JsonContentTypes: ['application/json'] },
  });
  expect(policies).toContain('/captured/e/*');
  expect(synthesize({}).policies).not.toContain('captured');
});

test('other instance types follow in their order', () => {
  const { specification } = synthesize({
    fallbackInstanceTypes: [MlInstanceType.M7I_LARGE, MlInstanceType.C7I_XLARGE],
    instanceProvisionTimeout: Duration.minutes(10),
  });
  expect(specification.instanceType).toBeUndefined();
  expect(specification.variant).toEqual({
    InstancePools: [
      { InstanceType: 'ml.c7i.large', Priority: 1 },
      { InstanceType: 'ml.m7i.large', Priority: 2 },
      { InstanceType: 'ml.c7i.xlarge', Priority: 3 },
    ],
    VariantInstanceProvisionTimeoutInSeconds: 600,
  });
});

test('requests that are answered later lie in places of their own, and both topics may be told', () => {
  const stack = newStack();
  const key = Key.fromKeyArn(stack, 'TopicKey', 'arn:aws:kms:us-east-1:111122223333:key/topic');
  const successTopic = new Topic(stack, 'Answers', { masterKey: key });
  const errorTopic = Topic.fromTopicArn(stack, 'Failures', 'arn:aws:sns:us-east-1:111122223333:failures');
  const asyncInference = { successTopic, errorTopic, maxConcurrentInvocationsPerInstance: 3 };
  const smokeTest = SmokeTest.fromRequests([{ name: 'one', body: '{}' }]);
  const { specification, policies } = synthesize({ asyncInference, smokeTest }, stack);
  expect(specification.endpointConfig.AsyncInferenceConfig).toEqual({
    ClientConfig: { MaxConcurrentInvocationsPerInstance: 3 },
    OutputConfig: {
      S3OutputPath: expect.stringMatching(/^s3:\/\/<.*>\/async\/e\/answers\/$/) as string,
      S3FailurePath: expect.stringMatching(/^s3:\/\/<.*>\/async\/e\/failures\/$/) as string,
      KmsKeyId: expect.stringContaining('ModelsKey') as string,
      NotificationConfig: {
        SuccessTopic: expect.stringContaining('Answers') as string,
        ErrorTopic: 'arn:aws:sns:us-east-1:111122223333:failures',
      },
    },
  });
  for (const part of ['/async/e/requests/*', '/async/e/answers/*', 'sns:Publish', 'key/topic'])
    expect(policies).toContain(part);
  // The smoke test asks in the same way, and in no other.
  expect(policies).toContain('sagemaker:InvokeEndpointAsync');
  expect(policies).not.toContain('"sagemaker:InvokeEndpoint"');
  const { SmokeTest: asks } = definitionOf(stack, 'ReleaseMachine').States;
  expect(asks.Parameters.requests).toMatch(/^s3:\/\/<.*>\/async\/e\/requests\/$/);
  expect(synthesize({}).policies).not.toContain('async');
});

test('whoever may call an endpoint that answers later may ask and read, and nothing else', () => {
  const stack = newStack();
  const props = pipelineProps();
  const endpoint = { ...props.endpoint, endpointName: 'e', asyncInference: {} };
  const pipeline = new ModelPipeline(stack, 'Pipeline', { ...props, endpoint });
  const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  pipeline.grantInvoke(role);
  const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy');
  const own = JSON.stringify(Object.entries(policies).find(([id]) => id.startsWith('Caller'))![1]);
  expect(own).toMatch(/"Action":"s3:PutObject".*\/async\/e\/requests\/\*/);
  expect(own).toMatch(/"Action":"s3:GetObject".*\/async\/e\/answers\/\*/);
  expect(own).toContain('sagemaker:InvokeEndpointAsync');
});

const M7I = MlInstanceType.M7I_LARGE;

test.each<[string, Partial<EndpointSpecification>, string]>([
  ['more than all requests', { dataCapture: { samplingPercentage: 101 } }, 'must be a whole number from 0 to 100'],
  ['no side of them', { dataCapture: { samplingPercentage: 1, modes: [] as CaptureMode[] } }, 'at least one of INPUT'],
  ['a GPU for a CPU', { fallbackInstanceTypes: [MlInstanceType.G4DN_XLARGE] }, 'ml.g4dn.xlarge cannot stand in for'],
  ['a disk of its own', { fallbackInstanceTypes: [MlInstanceType.of('ml.m5d.large')] }, 'a disk of their own or none'],
  ['the same again', { fallbackInstanceTypes: [M7I, M7I] }, 'must differ'],
  ['no fallback', { fallbackInstanceTypes: [] }, 'must have 1 to 4 entries, received: 0'],
  ['a timeout for nothing', { instanceProvisionTimeout: Duration.minutes(5) }, 'needs fallbackInstanceTypes'],
  [
    'no request at once',
    { asyncInference: { maxConcurrentInvocationsPerInstance: 0 } },
    'asyncInference.maxConcurrentInvocationsPerInstance must be a whole number from 1 to 1000',
  ],
  [
    'explanations of what is answered later',
    { asyncInference: {}, explainer: { baseline: '0' } },
    'explainer cannot go together with asyncInference',
  ],
  [
    'what is kept twice',
    { asyncInference: {}, dataCapture: { samplingPercentage: 1 } },
    'dataCapture cannot go together with asyncInference',
  ],
  [
    'rolling over types',
    { fallbackInstanceTypes: [M7I], instanceCount: 2, updatePolicy: EndpointUpdatePolicy.rolling() },
    'which fallbackInstanceTypes do not promise',
  ],
])('refuses %s', (_, changes, message) => {
  expect(() => synthesize(changes)).toThrow(message);
});
