import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import {
  ContainerImage,
  DeepLearningContainer,
  MlInstanceType,
  ModelBucket,
  TrainingJob,
  TrainingOptions,
} from '../../lib';
import { definitionOf, Json } from './support/definition';
import { EXAMPLE, FIXTURES, maximalPipeline, newStack } from './support/pipelines';

const least: TrainingOptions = {
  image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
  instanceType: MlInstanceType.of('ml.p3.2xlarge'),
};

function train(changes: Partial<TrainingOptions> = {}): { request: Json; template: Template } {
  const stack = newStack();
  const models = new ModelBucket(stack, 'Models');
  const training = new TrainingJob(stack, 'Training', { ...least, ...changes, modelName: 'digits', models });
  new StateMachine(stack, 'Machine', { definitionBody: DefinitionBody.fromChainable(training.toState('Train')) });
  return {
    request: definitionOf(stack, 'Machine').States.Train.Parameters,
    template: Template.fromStack(stack),
  };
}

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

interface Policy {
  readonly Properties: { readonly PolicyDocument: { readonly Statement: Statement[] } };
}

describe('the request', () => {
  test('at least', () => {
    const { request } = train();
    expect(request).toEqual({
      'TrainingJobName.$':
        "States.Format('{}-{}', $.trainingJobName, States.ArrayGetItem(States.StringSplit(States.UUID(), '-'), 1))",
      RoleArn: expect.stringContaining('TrainingRole') as string,
      AlgorithmSpecification: {
        TrainingImage: expect.stringContaining('/tensorflow-training:2.21.0-gpu') as string,
        TrainingInputMode: 'File',
      },
      HyperParameters: {},
      OutputDataConfig: {
        'S3OutputPath.$': expect.stringMatching(
          /^States.Format\('s3:\/\/<ModelsBucket\w+>\/raw\/digits\/\{\}\/', \$\.build\)$/,
        ) as string,
        CompressionType: 'NONE',
        KmsKeyId: expect.stringContaining('ModelsKey') as string,
      },
      ResourceConfig: {
        InstanceType: 'ml.p3.2xlarge',
        InstanceCount: 1,
        VolumeSizeInGB: 30,
        VolumeKmsKeyId: expect.stringContaining('ModelsKey') as string,
      },
      StoppingCondition: { MaxRuntimeInSeconds: 86400 },
      EnableManagedSpotTraining: false,
      EnableNetworkIsolation: false,
      EnableInterContainerTrafficEncryption: false,
      RetryStrategy: { MaximumRetryAttempts: 2 },
      Tags: [
        { Key: 'modelpress:model', Value: 'digits' },
        { Key: 'modelpress:training', Value: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      ],
    });
  });

  test('at most', () => {
    const stack = newStack();
    maximalPipeline(stack);
    const request = definitionOf(stack, 'BuildMachine').States.Train.Parameters;
    expect(request).toMatchObject({
      AlgorithmSpecification: { MetricDefinitions: [{ Name: 'loss', Regex: 'loss: ([0-9.]+)' }] },
      HyperParameters: {
        epochs: '3',
        rate: '0.0001',
        name: '"tiny"',
        layers: '[1,2]',
        sagemaker_program: '"fine_tune.py"',
      },
      Environment: { TOKENIZERS_PARALLELISM: 'false' },
      InputDataConfig: [
        {
          ChannelName: 'train',
          InputMode: 'FastFile',
          ContentType: 'application/json',
          DataSource: {
            S3DataSource: {
              S3DataType: 'S3Prefix',
              S3Uri: 's3://training-data/train/',
              S3DataDistributionType: 'FullyReplicated',
            },
          },
        },
        {
          ChannelName: 'test',
          InputMode: 'File',
          DataSource: { S3DataSource: { S3DataDistributionType: 'ShardedByS3Key' } },
        },
      ],
      ResourceConfig: {
        InstanceCount: 2,
        VolumeSizeInGB: 100,
        VolumeKmsKeyId: expect.stringContaining('key/volume') as string,
      },
      StoppingCondition: { MaxRuntimeInSeconds: 7200, MaxWaitTimeInSeconds: 28800 },
      EnableManagedSpotTraining: true,
      EnableNetworkIsolation: true,
      EnableInterContainerTrafficEncryption: true,
      CheckpointConfig: { LocalPath: '/opt/ml/checkpoints' },
      RetryStrategy: { MaximumRetryAttempts: 5 },
      VpcConfig: {
        Subnets: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef2'],
        SecurityGroupIds: [expect.any(String) as string],
      },
    });
    expect(request.HyperParameters.sagemaker_submit_directory).toMatch(/^"s3:\/\/.*\/[0-9a-f]{64}\.tgz"$/);
  });

  test('leaves what local disks forbid out', () => {
    const { ResourceConfig } = train({ instanceType: MlInstanceType.G5_XLARGE }).request;
    expect(ResourceConfig).toEqual({ InstanceType: 'ml.g5.xlarge', InstanceCount: 1 });
  });

  test('keeps instances warm, retries not at all', () => {
    const { request } = train({ keepAlive: Duration.minutes(30), retryAttempts: 0 });
    expect(request.ResourceConfig).toMatchObject({ KeepAlivePeriodInSeconds: 1800 });
    expect(request).not.toHaveProperty('RetryStrategy');
  });

  test('hands arguments as text to images that are no script runners', () => {
    expect(train({ hyperparameters: { objective: 'binary', rounds: 10 } }).request.HyperParameters).toEqual({
      objective: 'binary',
      rounds: '10',
    });
  });

  test('makes checkpoints for spot by itself', () => {
    expect(train({ spot: true, maxWait: Duration.hours(30) }).request).toHaveProperty('CheckpointConfig');
  });
});

describe('permissions', () => {
  const policies = (template: Template): Statement[] =>
    Object.values(template.findResources('AWS::IAM::Policy') as Record<string, Policy>).flatMap(
      (policy) => policy.Properties.PolicyDocument.Statement,
    );

  test('no statement allows an action by pattern, and none on everything but those that take no resource', () => {
    const statements = policies(train({ sourceDirectory: join(EXAMPLE, 'training') }).template);
    const everything = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
    expect(new Set(everything)).toEqual(new Set(['cloudwatch:PutMetricData', 'ecr:GetAuthorizationToken']));
    expect(statements.flatMap(({ Action }) => Action).filter((action: string) => action.includes('*'))).toEqual([]);
  });

  test('the machine may pass the role to SageMaker only, and start only jobs of this model', () => {
    const statements = policies(train().template);
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 'iam:PassRole',
        Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
      }),
    );
    const start = statements.find(({ Action }) => Action.includes('sagemaker:CreateTrainingJob'));
    expect(JSON.stringify(start?.Resource)).toContain(':training-job/digits-*');
  });

  test('only SageMaker of this account can take the role', () => {
    train().template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'sagemaker.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
    });
  });

  test('pulls from the one repository of its image', () => {
    const uri = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/train@sha256:' + 'a'.repeat(64);
    const { request, template } = train({ image: ContainerImage.fromRegistry(uri) });
    expect(request.AlgorithmSpecification.TrainingImage).toBe(uri);
    const pull = policies(template).find(({ Action }) => Action.includes('ecr:BatchGetImage'));
    expect(JSON.stringify(pull?.Resource)).toContain(':ecr:eu-west-1:111122223333:repository/team/train');
  });
});

describe('refuses at synthesis', () => {
  const stack = newStack();
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['a'],
    privateSubnetIds: ['subnet-1'],
  });
  const bucket = Bucket.fromBucketName(stack, 'Data', 'data');
  const channel = { name: 'train', bucket, prefix: 'train/' };
  const key = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111122223333:key/1');
  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));

  test.each<[string, Partial<TrainingOptions>, string]>([
    ['no instances', { instanceCount: 0 }, 'instanceCount must be a whole number from 1 to 100, received: 0'],
    ['spot without wait', { spot: true }, 'spot training needs maxWait'],
    ['wait without spot', { maxWait: Duration.hours(1) }, 'maxWait is for spot training only'],
    [
      'too short a wait',
      { spot: true, maxWait: Duration.hours(1), maxRuntime: Duration.hours(2) },
      'maxWait must be at least maxRuntime (7200 s), received: 3600 s',
    ],
    [
      'warm spot',
      { spot: true, maxWait: Duration.hours(25), keepAlive: Duration.hours(1) },
      'keepAlive and spot exclude each other',
    ],
    [
      'too long a warm pool',
      { keepAlive: Duration.hours(7) },
      'keepAlive must be from 1 to 21600 whole seconds, received: 25200',
    ],
    ['too long a run', { maxRuntime: Duration.days(29) }, 'maxRuntime must be from 1 to 2419200 whole seconds'],
    [
      'a volume beside a disk',
      { instanceType: MlInstanceType.G5_XLARGE, volumeSizeInGb: 10 },
      'ml.g5.xlarge has a disk of its own',
    ],
    [
      'a volume key beside a disk',
      { instanceType: MlInstanceType.G5_XLARGE, volumeEncryptionKey: key },
      'leave volumeSizeInGb and volumeEncryptionKey out',
    ],
    ['too big a volume', { volumeSizeInGb: 20000 }, 'volumeSizeInGb must be a whole number from 1 to 16384'],
    ['too many retries', { retryAttempts: 31 }, 'retryAttempts must be a whole number from 0 to 30'],
    ['a script without a folder', { entryPoint: 'a.py' }, 'entryPoint needs a sourceDirectory'],
    [
      'a script that is not there',
      { sourceDirectory: FIXTURES, entryPoint: 'a.py' },
      'The entry point a.py is not in the source directory',
    ],
    [
      'requirements in isolation',
      { sourceDirectory: join(EXAMPLE, 'training'), networkIsolation: true },
      'networkIsolation forbids installing',
    ],
    [
      'too many channels',
      { channels: many(21, (index) => ({ ...channel, name: `c${index}` })) },
      'channels must have at most 20 entries, received: 21',
    ],
    ['twice a channel', { channels: [channel, channel] }, 'channel names must differ, received: train, train'],
    ['a channel with spaces', { channels: [{ ...channel, name: 'a b' }] }, 'channel names must be 1 to 64'],
    ['half a folder', { channels: [{ ...channel, prefix: 'tra' }] }, 'the prefix of channel train must end in a slash'],
    [
      'too many metrics',
      { metrics: many(41, (index) => ({ name: `m${index}`, regex: 'x' })) },
      'metrics must have at most 40 entries',
    ],
    ['an empty regex', { metrics: [{ name: 'm', regex: '' }] }, 'the regex of metric m must have 1 to 500 characters'],
    ['a reserved argument', { hyperparameters: { sagemaker_program: 'x' } }, 'hyperparameters named sagemaker_'],
    [
      'too many arguments',
      { hyperparameters: Object.fromEntries(many(101, (index) => [`h${index}`, 1])) },
      'at most 100 hyperparameters, received: 101',
    ],
    [
      'a long value',
      { environment: { A: 'x'.repeat(513) } },
      'environment A must have at most 512 characters, received: 513',
    ],
    ['a bad variable', { environment: { 'A-B': 'x' } }, 'environment has an invalid name: A-B'],
    ['subnets without a vpc', { vpcSubnets: {} }, 'vpcSubnets and securityGroups need a vpc'],
    [
      'too many groups',
      { vpc, securityGroups: many(6, () => ({}) as never) },
      'securityGroups must have at most 5 entries',
    ],
  ])('%s', (_, changes, message) => {
    expect(() => train(changes)).toThrow(message);
  });

  test.each(['Digits', 'a--b', '-a', 'a_b', 'x'.repeat(25), ''])('the model name %p', (modelName) => {
    const models = new ModelBucket(newStack(), 'Models');
    expect(() => new TrainingJob(models, 'Training', { ...least, modelName, models })).toThrow(
      'modelName must be 1 to 24 lower-case letters',
    );
  });
});
