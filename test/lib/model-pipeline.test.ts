import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  CompressionRecipe,
  DeepLearningContainer,
  EndpointSpecification,
  EndpointUpdatePolicy,
  MlInstanceType,
  ModelBucket,
  ModelFormat,
  ModelPipeline,
  ModelPipelineProps,
} from '../../lib';
import { context } from '../../cdk.json';
import { definitionOf, Json } from './support/definition';
import { EXAMPLE, FIXTURES, maximalPipeline, newStack, pipelineProps } from './support/pipelines';

function template(changes?: Partial<ModelPipelineProps>): Template {
  const stack = newStack();
  new ModelPipeline(stack, 'Pipeline', pipelineProps(changes));
  return Template.fromStack(stack);
}

const RUN = 'Custom::ModelpressRunOnDeploy';
const executionName = (made: Template): string =>
  (Object.values(made.findResources(RUN))[0] as { Properties: { executionName: string } }).Properties.executionName;

describe('two pipelines', () => {
  test('live in one stack, with endpoints of their own', () => {
    // With indentation, the CDK warns that so large a template is near CloudFormation's limit of 1 MB.
    const stack = new Stack(new App({ context }), 'Stack', { suppressTemplateIndentation: true });
    const one = new ModelPipeline(stack, 'One', pipelineProps());
    const two = new ModelPipeline(stack, 'Two', pipelineProps());
    const three = maximalPipeline(stack, 'Three');
    expect(new Set([one, two, three].map(({ endpointName }) => endpointName)).size).toBe(3);
    Template.fromStack(stack).resourceCountIs('AWS::StepFunctions::StateMachine', 12);
  });

  test('share a bucket', () => {
    const stack = newStack();
    const models = new ModelBucket(stack, 'Models');
    new ModelPipeline(stack, 'One', pipelineProps({ models }));
    new ModelPipeline(stack, 'Two', pipelineProps({ models, modelName: 'letters' }));
    Template.fromStack(stack).resourceCountIs('AWS::KMS::Key', 1);
  });

  test('name nothing but the endpoint', () => {
    const stack = newStack();
    maximalPipeline(stack);
    const named = Object.values(Template.fromStack(stack).toJSON().Resources as Record<string, Json>).flatMap(
      ({ Properties }) =>
        Object.entries(Properties ?? {})
          .filter(([, value]) => typeof value === 'string')
          .map(([key]) => key)
          .filter((key) => /^(Bucket|Role|Function|LogGroup|StateMachine|Topic|Alarm|Key|Group)Name$/.test(key)),
    );
    expect(named).toEqual([]);
  });
});

test('two syntheses are equal to the byte', () => {
  const once = (): unknown => {
    const stack = newStack('Stack', new App({ context }));
    maximalPipeline(stack);
    return Template.fromStack(stack).toJSON();
  };
  expect(JSON.stringify(once())).toBe(JSON.stringify(once()));
});

describe('run on deploy', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pipeline-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test('starts the build machine, unless it is switched off', () => {
    template().hasResourceProperties(RUN, {
      stateMachineArn: { Ref: Match.stringLikeRegexp('BuildMachine') },
      executionName: Match.stringLikeRegexp('^deploy-[0-9a-f]{14}$'),
    });
    template({ runOnDeploy: false }).resourceCountIs(RUN, 0);
    template({ training: undefined }).resourceCountIs(RUN, 1);
  });

  test('changes with the recipe, the training, the code, the endpoint and the limits, and with nothing else', () => {
    const props = pipelineProps();
    const training = props.training!;
    cpSync(join(EXAMPLE, 'serving'), folder, { recursive: true });
    writeFileSync(join(folder, 'inference.py'), '# another\n');
    const names = [
      {},
      { compression: { recipe: CompressionRecipe.fp16() } },
      { training: { ...training, hyperparameters: { epochs: 1 } } },
      { training: { ...training, sourceDirectory: join(FIXTURES, 'training'), entryPoint: 'fine_tune.py' } },
      { endpoint: { ...props.endpoint, codeDirectory: folder } },
      { endpoint: { ...props.endpoint, instanceCount: 2 } },
      { limits: { maxRelativeError: 0.1 } },
    ].map((changes) => executionName(template(changes)));
    expect(new Set(names).size).toBe(names.length);
    expect(executionName(template({ statusInterval: Duration.seconds(1) }))).toBe(names[0]);
    expect(executionName(template({ compression: { ...props.compression, memorySize: 1024 } }))).toBe(names[0]);
  });
});

describe('the clean-up', () => {
  test('is deleted before anything that it, the endpoint or a running build needs', () => {
    const resources = template().toJSON().Resources as Record<string, { Type: string; DependsOn?: string[] }>;
    const [name, cleanUp] = Object.entries(resources).find(([, { Type }]) => Type === 'Custom::ModelpressCleanUp')!;
    for (const part of [
      'HostingRole',
      'TrainingRole',
      'BuildMachineMachineRole',
      'ReleaseMachineMachineRole',
      'CompressorPlanRole',
      'ReleaseMachineFunctionsReleaseFunction',
    ]) {
      expect(cleanUp.DependsOn).toContainEqual(expect.stringContaining(part));
    }
    const run = Object.values(resources).find(({ Type }) => Type === RUN)!;
    expect(run.DependsOn).toContain(name);
  });

  test('knows the endpoint and the machines', () => {
    template().hasResourceProperties('Custom::ModelpressCleanUp', {
      endpointName: Match.stringLikeRegexp('^stack-pipeline-[0-9a-f]+$'),
      stateMachineArns: [
        { Ref: Match.stringLikeRegexp('BuildMachine') },
        { Ref: Match.stringLikeRegexp('ReleaseMachine') },
        { Ref: Match.stringLikeRegexp('LeftBehindMachine') },
      ],
      buildMachineArn: { Ref: Match.stringLikeRegexp('BuildMachine') },
      releaseMachineArn: { Ref: Match.stringLikeRegexp('ReleaseMachine') },
    });
  });

  test('waits longer than any function goes on that starts or makes something', () => {
    const made = template();
    const makes = /states:StartExecution|sagemaker:(Create|Update)/;
    const makers = Object.values(made.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
      makes.test(JSON.stringify(Properties)) ? (Properties as { Roles: { Ref: string }[] }).Roles : [],
    );
    const functions = Object.entries(made.findResources('AWS::Lambda::Function')).map(([name, { Properties }]) => ({
      name,
      ...(Properties as { Timeout: number; Role: object; Environment?: { Variables: { LINGER_SECONDS?: string } } }),
    }));
    const linger = Number(
      functions.find(({ name }) => name.includes('CleanUpRemove'))!.Environment!.Variables.LINGER_SECONDS,
    );
    const lasting = functions.filter(
      ({ Role, name }) =>
        makers.some(({ Ref }) => JSON.stringify(Role).includes(`"${Ref}"`)) && !name.includes('Provider'),
    );
    expect(lasting.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        ['StartBuild', 'Register', 'Release'].map((it): string => expect.stringContaining(it) as string),
      ),
    );
    for (const { Timeout } of lasting) expect(Timeout).toBeLessThan(linger);
  });
});

describe('what builds leave behind', () => {
  test('is looked for behind every build that did not succeed, until the stack is deleted', () => {
    const made = template();
    const rules = made.findResources('AWS::Events::Rule', {
      Properties: {
        EventPattern: {
          source: ['aws.states'],
          'detail-type': ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [{ Ref: Match.stringLikeRegexp('BuildMachine') }],
            status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          },
        },
        Targets: [
          {
            Arn: { Ref: Match.stringLikeRegexp('LeftBehindMachine') },
            InputTransformer: { InputPathsMap: { 'detail-executionArn': '$.detail.executionArn' } },
          },
        ],
      },
    });
    const [rule, ...others] = Object.values(rules) as { DependsOn: string[] }[];
    expect(others).toEqual([]);
    expect(rule.DependsOn).toEqual(
      expect.arrayContaining(Object.keys(made.findResources('Custom::ModelpressCleanUp'))),
    );
  });

  test.each([15, 4])('is removed when no function of %d minutes can go on any more', (minutes) => {
    const stack = newStack();
    const compression = { recipe: CompressionRecipe.int8(), timeout: Duration.minutes(minutes) };
    new ModelPipeline(stack, 'Pipeline', pipelineProps({ compression }));
    const { States } = definitionOf(stack, 'LeftBehind');
    expect(Number(States.FunctionsMayGoOn.Seconds)).toBeGreaterThan(minutes * 60);
    expect(States.RemoveLeftBehind.Parameters).toMatchObject({ model: 'digits', lingerSeconds: minutes * 60 });
  });
});

test('functions run on Node 24 on arm64, with logs that end and are encrypted', () => {
  const made = template();
  made.hasResourceProperties('AWS::Lambda::Function', {
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    MemorySize: 3008,
    Timeout: 900,
  });
  made.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 180, KmsKeyId: Match.anyValue() });
});

test('the map runs as wide as it is told, its functions as large and as long', () => {
  const stack = newStack();
  maximalPipeline(stack);
  const map = definitionOf(stack, 'BuildMachine').States.Compress;
  expect(map).toMatchObject({
    Type: 'Map',
    MaxConcurrency: 1000,
    Label: 'Compress',
    ResultPath: null,
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
  });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { MemorySize: 10240, Timeout: 600 });
  expect(definitionOf(stack, 'ReleaseMachine').States.Wait.Seconds).toBe(30);
});

test('machines log, trace, and only Step Functions of this account takes their roles', () => {
  const made = template({ runOnDeploy: false });
  made.hasResourceProperties('AWS::StepFunctions::StateMachine', {
    TracingConfiguration: { Enabled: true },
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: true },
  });
  made.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Principal: { Service: 'states.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } }, ArnLike: Match.anyValue() },
        },
      ],
    },
  });
});

test('grants: invoking the endpoint, reading models elsewhere', () => {
  const stack = newStack();
  const pipeline = new ModelPipeline(stack, 'Pipeline', pipelineProps());
  const caller = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  pipeline.grantInvoke(caller);
  pipeline.addSource(Bucket.fromBucketName(stack, 'Zoo', 'zoo'), 'models/');
  expect(() => pipeline.addSource(Bucket.fromBucketName(stack, 'Zoo2', 'zoo'), 'models')).toThrow(
    'must end in a slash, received: models',
  );
  const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  expect(policies).toContain(':endpoint/stack-pipeline-');
  expect(policies).toContain(':s3:::zoo/models/*');
});

describe('refuses at synthesis', () => {
  const endpoint = pipelineProps().endpoint;
  const gpu = MlInstanceType.G6_XLARGE;
  const vllm = DeepLearningContainer.VLLM_0_27;
  const large = { modelFormat: ModelFormat.SAFETENSORS, compression: { recipe: CompressionRecipe.fp8() } };
  const spec = (changes: Partial<EndpointSpecification>): Partial<ModelPipelineProps> => ({
    endpoint: { ...endpoint, ...changes },
  });

  test.each<[string, () => Partial<ModelPipelineProps>, string]>([
    [
      'TFLite on a GPU',
      () => spec({ instanceType: gpu }),
      'TFLite models run on CPUs, so the GPU of ml.g6.xlarge would idle',
    ],
    ['TFLite in vLLM', () => spec({ image: vllm, codeDirectory: undefined }), 'The image vllm serves no TFLite models'],
    [
      'ONNX in vLLM',
      () => ({ modelFormat: ModelFormat.ONNX, ...spec({ image: vllm, instanceType: gpu, codeDirectory: undefined }) }),
      'The image vllm serves no ONNX models',
    ],
    [
      'integer products of ONNX on a GPU',
      () => ({
        modelFormat: ModelFormat.ONNX,
        compression: { recipe: CompressionRecipe.int8Dynamic() },
        ...spec({ instanceType: gpu }),
      }),
      'onnxruntime multiplies the integers of int8-dynamic on CPUs alone, so the GPU of ml.g6.xlarge would idle',
    ],
    [
      'int4 for TFLite',
      () => ({ compression: { recipe: CompressionRecipe.w4a16() } }),
      'The recipe w4a16 is not for tflite models; choose one of: none, int8, int4, fp16',
    ],
    [
      'int8 for safetensors',
      () => ({ modelFormat: ModelFormat.SAFETENSORS }),
      'The recipe int8 is not for safetensors models',
    ],
    [
      'vLLM without a GPU',
      () => ({ ...large, ...spec({ image: vllm, codeDirectory: undefined }) }),
      'The image vllm needs a GPU, which ml.c7i.large has not',
    ],
    [
      'an unknown CUDA',
      () => ({ ...large, ...spec({ image: DeepLearningContainer.of('x', '1-gpu-cu118-y'), instanceType: gpu }) }),
      'No host image is known for CUDA 118',
    ],
    ['code without inference.py', () => spec({ codeDirectory: FIXTURES }), 'must hold inference.py'],
    ['requirements in isolation', () => spec({ networkIsolation: true }), 'vendor the packages into the folder'],
    [
      'no instances',
      () => spec({ instanceCount: 0 }),
      'instanceCount must be a whole number from 1 to 10000, received: 0',
    ],
    ['upper case', () => spec({ endpointName: 'Digits' }), 'endpointName must be 1 to 46 lower-case letters'],
    ['a long name', () => spec({ endpointName: 'x'.repeat(47) }), 'endpointName must be 1 to 46'],
    [
      'a short start',
      () => spec({ startupTimeout: Duration.seconds(59) }),
      'startupTimeout must be from 60 to 3600 whole seconds, received: 59',
    ],
    [
      'a long download',
      () => spec({ downloadTimeout: Duration.hours(2) }),
      'downloadTimeout must be from 60 to 3600 whole seconds, received: 7200',
    ],
    [
      'a big volume',
      () => spec({ volumeSizeInGb: 513 }),
      'volumeSizeInGb must be a whole number from 1 to 512, received: 513',
    ],
    [
      'a volume beside a disk',
      () => spec({ instanceType: MlInstanceType.of('ml.m5d.large'), volumeSizeInGb: 10 }),
      'ml.m5d.large has a disk of its own',
    ],
    ['groups without a vpc', () => spec({ securityGroups: [] }), 'vpcSubnets and securityGroups need a vpc'],
    ['a bad variable', () => spec({ environment: { 'A B': 'x' } }), 'environment needs names of letters'],
    [
      'a long wait',
      () => spec({ updatePolicy: EndpointUpdatePolicy.allAtOnce({ terminationWait: Duration.hours(2) }) }),
      'terminationWait must be from 0 to 3600',
    ],
    [
      'a wait longer than all',
      () =>
        spec({
          updatePolicy: EndpointUpdatePolicy.allAtOnce({
            terminationWait: Duration.hours(1),
            maximumExecutionTimeout: Duration.minutes(30),
          }),
        }),
      'maximumExecutionTimeout (1800 s) must exceed the waits of the update (3600 s)',
    ],
    [
      'too many alarms',
      () => spec({ updatePolicy: EndpointUpdatePolicy.allAtOnce({ alarms: Array<never>(11).fill({} as never) }) }),
      'at most 10 alarms, received: 13',
    ],
    ['rare looks', () => ({ statusInterval: Duration.minutes(6) }), 'statusInterval must be from 1 to 300'],
    [
      'little memory',
      () => ({ compression: { recipe: CompressionRecipe.int8(), memorySize: 128 } }),
      'memorySize must be a whole number from 512 to 10240',
    ],
    [
      'long functions',
      () => ({ compression: { recipe: CompressionRecipe.int8(), timeout: Duration.minutes(16) } }),
      'timeout must be from 30 to 900',
    ],
    [
      'wide maps',
      () => ({ compression: { recipe: CompressionRecipe.int8(), maxConcurrency: 10001 } }),
      'maxConcurrency must be a whole number from 1 to 10000',
    ],
    [
      'no instances',
      () => spec({ instanceType: MlInstanceType.of('serverless') }),
      'SageMaker serves no uncompressed model without instances',
    ],
    [
      'an instance type',
      () => spec({ instanceType: MlInstanceType.of('g5.xlarge') }),
      'An instance type looks like ml.g5.xlarge, received: g5.xlarge',
    ],
  ])('%s', (_, changes, message) => {
    expect(() => new ModelPipeline(newStack(), 'Pipeline', pipelineProps(changes()))).toThrow(message);
  });
});

test.each([
  ['2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker', 'al2-ami-sagemaker-inference-gpu-3-1'],
  ['0.27.1-gpu-py312-cu130-ubuntu22.04-sagemaker', 'al2023-ami-sagemaker-inference-gpu-4-1'],
])('the host of %s is %s', (tag, ami) => {
  const stack = newStack();
  const endpoint = {
    image: DeepLearningContainer.of('pytorch-inference', tag),
    instanceType: MlInstanceType.G6_XLARGE,
  };
  new ModelPipeline(
    stack,
    'Pipeline',
    pipelineProps({ modelFormat: ModelFormat.SAFETENSORS, compression: { recipe: CompressionRecipe.fp8() }, endpoint }),
  );
  expect(definitionOf(stack, 'ReleaseMachine').States.Release.Parameters.specification).toMatchObject({
    inferenceAmiVersion: ami,
  });
});

test('removes its bucket with the stack if told so, after all that writes to it', () => {
  const emptied = template({ removalPolicy: RemovalPolicy.DESTROY });
  emptied.resourceCountIs('Custom::ModelpressEmptyBuckets', 1);
  const [cleanUp] = Object.values(emptied.findResources('Custom::ModelpressCleanUp')) as { DependsOn: string[] }[];
  // What depends on something is deleted before it.
  const emptyings = Object.keys(emptied.findResources('Custom::ModelpressEmptyBuckets'));
  expect(cleanUp.DependsOn).toEqual(expect.arrayContaining(emptyings));
  template().allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
  const models = new ModelBucket(newStack(), 'Models');
  expect(() => template({ models, removalPolicy: RemovalPolicy.DESTROY })).toThrow('whoever made `models` decides');
});
