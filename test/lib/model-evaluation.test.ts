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
  EvaluationOptions,
  MlInstanceType,
  ModelBucket,
  ModelEvaluation,
} from '../../lib';
import { definitionOf, Json } from './support/definition';
import { EXAMPLE, FIXTURES, newStack } from './support/pipelines';

type TestStack = ReturnType<typeof newStack>;

const least: EvaluationOptions = {
  image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
  instanceType: MlInstanceType.M7I_XLARGE,
  sourceDirectory: join(EXAMPLE, 'evaluation'),
  limits: [{ metric: 'accuracy', maxDrop: 0.01 }],
};

function make(changes: (stack: TestStack) => Partial<EvaluationOptions> = () => ({})): TestStack {
  const stack = newStack();
  const models = new ModelBucket(stack, 'Models');
  const evaluation = new ModelEvaluation(stack, 'Evaluation', {
    modelName: 'digits',
    models,
    pipelineName: 'digits-live',
    ...least,
    ...changes(stack),
  });
  evaluation.addSource(Bucket.fromBucketName(stack, 'Zoo', 'zoo'), 'models/');
  const definition = evaluation.toJobState('Evaluate').next(evaluation.toGateState('EvaluationGate'));
  new StateMachine(stack, 'Machine', { definitionBody: DefinitionBody.fromChainable(definition) });
  return stack;
}

const states = (stack: TestStack): Record<string, Json> => definitionOf(stack, 'Machine').States;

describe('an evaluation', () => {
  let stack: TestStack;
  let job: Json;
  beforeAll(() => {
    stack = make();
    job = states(stack).Evaluate;
  });

  test('is a processing job that gets both models and the script, and whose every attempt has its name', () => {
    expect(job.Resource).toMatch(/:states:::sagemaker:createProcessingJob\.sync$/);
    expect(job.Parameters['ProcessingJobName.$']).toMatch(/^States.Format\('\{\}-\{\}', \$\.evaluationJobName, .*UUID/);
    const inputs = job.Parameters.ProcessingInputs as unknown as {
      InputName: string;
      S3Input: Record<string, string>;
    }[];
    expect(inputs.map(({ InputName, S3Input }) => [InputName, S3Input.LocalPath])).toEqual(
      ['raw', 'compressed', 'code'].map((name) => [name, `/opt/ml/processing/input/${name}`]),
    );
    expect(inputs[0].S3Input['S3Uri.$']).toBe('$.raw.source');
    expect(inputs[1].S3Input['S3Uri.$']).toBe('$.plan.artifact');
    expect(inputs[2].S3Input.S3Uri).toMatch(/^s3:\/\/.*\.tgz$/);
    expect(job.Parameters.AppSpecification.ContainerArguments).toEqual(['evaluate.py']);
    for (const word of job.Parameters.AppSpecification.ContainerEntrypoint as unknown as string[])
      expect(word.length).toBeLessThanOrEqual(256);
    expect(job.Parameters.ProcessingOutputConfig.KmsKeyId).toBeDefined();
    expect(job.Parameters.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 3600 });
  });

  test('uses no field that the integration of Step Functions does not know', () => {
    const known = [
      'AppSpecification',
      'Environment',
      'ExperimentConfig',
      'NetworkConfig',
      'ProcessingInputs',
      'ProcessingJobName',
      'ProcessingOutputConfig',
      'ProcessingResources',
      'RoleArn',
      'StoppingCondition',
      'Tags',
    ];
    for (const field of Object.keys(job.Parameters)) expect(known).toContain(field.replace(/\.\$$/, ''));
  });

  test('reads both models, writes metrics, and nothing else; the machine may run jobs of this model', () => {
    const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    for (const place of ['raw/digits/*', 'compressed/digits/*', 'evaluation/digits/*', ':s3:::zoo/models/*'])
      expect(policies).toContain(place);
    for (const action of ['Create', 'Describe', 'Stop'])
      expect(policies).toContain(`"sagemaker:${action}ProcessingJob"`);
    expect(policies).toContain(':processing-job/digits-*');
    expect(policies).toContain('StepFunctionsGetEventsForSageMakerProcessingJobsRule');
    expect(policies).not.toContain('s3:DeleteObject');
  });
});

test('takes every property', () => {
  const stack = make((scope) => {
    const vpc = Vpc.fromVpcAttributes(scope, 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['a'],
      privateSubnetIds: ['subnet-0123456789abcdef1'],
      privateSubnetRouteTableIds: ['rtb-0123456789abcdef1'],
    });
    const key = Key.fromKeyArn(scope, 'Key', 'arn:aws:kms:eu-west-1:111122223333:key/volume');
    return {
      image: ContainerImage.fromRegistry('111122223333.dkr.ecr.eu-west-1.amazonaws.com/own:1'),
      instanceType: MlInstanceType.of('ml.p3.2xlarge'),
      sourceDirectory: join(FIXTURES, 'training'),
      entryPoint: 'fine_tune.py',
      arguments: ['--batch', '8'],
      environment: { TOKENIZERS_PARALLELISM: 'false' },
      inputs: [
        { name: 'golden', bucket: Bucket.fromBucketName(scope, 'Data', 'data'), prefix: 'golden/', encryptionKey: key },
      ],
      maxRuntime: Duration.hours(2),
      volumeSizeInGb: 200,
      volumeEncryptionKey: key,
      vpc,
      networkIsolation: true,
    };
  });
  const { Parameters } = states(stack).Evaluate;
  expect(Parameters).toMatchObject({
    AppSpecification: {
      ImageUri: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/own:1',
      ContainerArguments: ['fine_tune.py', '--batch', '8'],
    },
    Environment: { TOKENIZERS_PARALLELISM: 'false' },
    ProcessingResources: {
      ClusterConfig: {
        InstanceCount: 1,
        InstanceType: 'ml.p3.2xlarge',
        VolumeSizeInGB: 200,
        VolumeKmsKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/volume',
      },
    },
    StoppingCondition: { MaxRuntimeInSeconds: 7200 },
    NetworkConfig: { EnableNetworkIsolation: true, VpcConfig: { Subnets: ['subnet-0123456789abcdef1'] } },
  });
  expect((Parameters.ProcessingInputs as unknown as Json[])[3]).toMatchObject({
    InputName: 'golden',
    S3Input: { S3Uri: 's3://data/golden/', LocalPath: '/opt/ml/processing/input/golden' },
  });
});

test('an own image brings its own program', () => {
  const image = ContainerImage.fromRegistry('111122223333.dkr.ecr.eu-west-1.amazonaws.com/own:1');
  const { AppSpecification } = states(make(() => ({ image, sourceDirectory: undefined }))).Evaluate.Parameters;
  expect(AppSpecification).toEqual({ ImageUri: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/own:1' });
});

test.each<[Partial<EvaluationOptions>, string]>([
  [{ limits: [] }, 'an evaluation needs at least one limit'],
  [{ limits: [{ metric: 'accuracy' }] }, 'the limit of accuracy bounds nothing; give maxDrop, maxRise, min or max'],
  [
    {
      limits: [
        { metric: 'a', min: 1 },
        { metric: 'a', max: 2 },
      ],
    },
    'metrics must have one limit each, received: a, a',
  ],
  [{ limits: [{ metric: 'a', maxDrop: -1 }] }, 'maxDrop of a must be a number from 0'],
  [{ limits: [{ metric: 'a', min: NaN }] }, 'min of a must be a number'],
  [{ limits: [{ metric: 'a', min: 2, max: 1 }] }, 'min of a must not exceed max, received: 2 and 1'],
  [{ limits: [{ metric: 'a\n', min: 2 }] }, 'metrics must be named with'],
  [{ entryPoint: 'none.py' }, 'The entry point none.py is not in the source directory'],
  [{ sourceDirectory: undefined, entryPoint: 'a.py' }, 'entryPoint needs a sourceDirectory'],
  [
    { sourceDirectory: join(EXAMPLE, 'serving'), entryPoint: 'inference.py', networkIsolation: true },
    'networkIsolation forbids installing',
  ],
  [{ inputs: [{ name: 'raw', bucket: {} as never, prefix: '' }] }, 'and not raw, compressed, code, received: raw'],
  [{ inputs: [{ name: 'a', bucket: {} as never, prefix: 'x' }] }, 'the prefix of input a must end in a slash'],
  [{ inputs: Array<never>(8).fill({ name: 'a' } as never) }, 'inputs must have at most 7 entries, received: 8'],
  [{ instanceType: MlInstanceType.G5_XLARGE, volumeEncryptionKey: {} as never }, 'ml.g5.xlarge has a disk of its own'],
  [{ volumeSizeInGb: 0 }, 'volumeSizeInGb must be a whole number from 1 to 16384, received: 0'],
  [{ maxRuntime: Duration.days(10) }, 'maxRuntime must be from 1 to 777600 whole seconds, received: 864000'],
  [{ arguments: ['x'.repeat(257)] }, 'arguments must have at most 256 characters each'],
  [{ environment: { 'A B': 'x' } }, 'environment needs names of letters'],
  [{ securityGroups: [] }, 'vpcSubnets and securityGroups need a vpc'],
])('refuses %j at synthesis', (changes, message) => expect(() => make(() => changes)).toThrow(message));
