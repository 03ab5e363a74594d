import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { ContainerImage, DeepLearningContainer } from '../../lib';
import { newStack } from './support/pipelines';

const image = DeepLearningContainer.PYTORCH_INFERENCE_2_6_GPU;
const TAG = 'pytorch-inference:2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker';

function inRegion(region: string): Stack {
  return new Stack(new App(), 'Stack', { env: { account: '111122223333', region } });
}

test.each([
  ['us-east-1', `763104351884.dkr.ecr.us-east-1.amazonaws.com/${TAG}`],
  ['af-south-1', `626614931356.dkr.ecr.af-south-1.amazonaws.com/${TAG}`],
  ['us-gov-west-1', `442386744353.dkr.ecr.us-gov-west-1.amazonaws.com/${TAG}`],
  ['cn-north-1', `727897471807.dkr.ecr.cn-north-1.amazonaws.com/${TAG}`],
  ['us-gov-east-1', `446045086412.dkr.ecr.us-gov-east-1.amazonaws.com/${TAG}`],
  ['us-iso-east-1', `886529160074.dkr.ecr.us-iso-east-1.amazonaws.com/${TAG}`],
  ['us-isob-east-1', `094389454867.dkr.ecr.us-isob-east-1.amazonaws.com/${TAG}`],
  ['eusc-de-east-1', `204133271717.dkr.ecr.eusc-de-east-1.amazonaws.com/${TAG}`],
  ['us-isof-south-1', `454834333376.dkr.ecr.us-isof-south-1.amazonaws.com/${TAG}`],
  ['il-central-1', `780543022126.dkr.ecr.il-central-1.amazonaws.com/${TAG}`],
])('a Deep Learning Container in %s', (region, uri) => {
  const stack = inRegion(region);
  expect(stack.resolve(image.bind(stack).imageUri)).toMatchObject({
    'Fn::Join': ['', [uri.split('.amazonaws.com')[0] + '.', { Ref: 'AWS::URLSuffix' }, `/${TAG}`]],
  });
});

/** Every partition that the CDK knows, by its regions. */
const REGIONS = RegionInfo.regions.map(({ name, partition, domainSuffix }) => ({ name, partition, domainSuffix }));

test('is known in every partition but one, whose account is asked for', () => {
  const unknown = REGIONS.filter(({ name }) => {
    try {
      image.bind(inRegion(name));
      return false;
    } catch {
      return true;
    }
  }).map(({ name, partition }) => [partition, name]);
  expect(unknown).toEqual([
    ['aws-iso-e', 'eu-isoe-west-1'],
    ['aws-iso', 'us-iso-west-1'],
    ['aws-iso-b', 'us-isob-west-1'],
  ]);
  expect(() => image.bind(inRegion('eu-isoe-west-1'))).toThrow(
    "in eu-isoe-west-1 is not known; give it with inAccount('…'), or the image's full address with ContainerImage.fromRegistry()",
  );
});

test.each(REGIONS)('can be taken from any account in $name', ({ name, domainSuffix }) => {
  const stack = inRegion(name);
  const { imageUri, repositoryArn } = image.inAccount('444455556666').bind(stack);
  const resolved = JSON.stringify(stack.resolve([imageUri, repositoryArn]));
  expect(resolved).toContain('444455556666.dkr.ecr.');
  expect(resolved).toContain('"AWS::URLSuffix"');
  expect(resolved).toContain(`:ecr:${name}:444455556666:repository/pytorch-inference`);
  expect(() => ContainerImage.fromRegistry(`444455556666.dkr.ecr.${name}.${domainSuffix}/serve:1`)).not.toThrow();
});

test('refuses what is no account', () => {
  expect(() => image.inAccount('4444-5555-6666')).toThrow('must be 12 digits, received: 4444-5555-6666');
});

test('a stack for any region looks the account up, with one table for all images', () => {
  const stack = newStack();
  const uris = [image, DeepLearningContainer.VLLM_0_27].map((container) => container.bind(stack).imageUri);
  new Topic(stack, 'Topic', { displayName: uris.join(' ') });
  const table = Template.fromStack(stack).findMappings('*').DeepLearningContainerAccounts;
  expect(table['eu-west-1']).toEqual({ account: '763104351884' });
  expect(table['ca-west-1']).toEqual({ account: '204538143572' });
  const known = RegionInfo.regions.filter(({ dlcRepositoryAccount }) => dlcRepositoryAccount !== undefined);
  expect(Object.keys(table).length).toBe(known.length + 11);
});

test.each([
  [DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU, '129'],
  [DeepLearningContainer.TENSORFLOW_TRAINING_2_21_CPU, undefined],
  [DeepLearningContainer.PYTORCH_2_13_GPU, '133'],
  [DeepLearningContainer.PYTORCH_2_13_CPU, undefined],
  [DeepLearningContainer.LMI_0_36, '130'],
  [DeepLearningContainer.HUGGINGFACE_PYTORCH_INFERENCE_2_6_GPU, '124'],
  [DeepLearningContainer.TRITON_26_05, undefined],
  [DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU, undefined],
])('knows the CUDA version', (container, cuda) => {
  expect(container.bind(newStack()).cuda).toBe(cuda);
});

test("one's own repository, by tag", () => {
  const stack = newStack();
  const repository = Repository.fromRepositoryName(stack, 'Own', 'team/serve');
  const bound = ContainerImage.fromEcrRepository(repository, 'v1-cu126').bind(stack);
  expect(JSON.stringify(stack.resolve(bound.imageUri))).toContain('/team/serve:v1-cu126');
  expect(bound).toMatchObject({ repositoryName: 'team/serve', cuda: '126' });
});

test("one's own Dockerfile", () => {
  const stack = newStack();
  const bound = ContainerImage.fromAsset(join(__dirname, 'support', 'fixtures', 'image')).bind(stack);
  expect(JSON.stringify(stack.resolve(bound.imageUri))).toContain('container-assets');
});

test.each(['docker.io/library/python:3.12', '111122223333.dkr.ecr.us-east-1.amazonaws.com/no-tag', 'python'])(
  'refuses %s',
  (uri) => {
    expect(() => ContainerImage.fromRegistry(uri)).toThrow('SageMaker pulls from ECR only');
  },
);
