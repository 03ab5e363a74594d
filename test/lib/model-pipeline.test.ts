import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelBucket,
  ModelFormat,
  ModelPipeline,
} from '../../lib';
import { definitionOf, Json } from './support/definition';
import {
  EXAMPLE,
  FIXTURES,
  maximalPipeline,
  newApp,
  newStack,
  pipelineProps,
  pipelineTemplate,
} from './support/pipelines';

const RUN = 'Custom::ModelpressRunOnDeploy';
const executionName = (made: Template): string =>
  (Object.values(made.findResources(RUN))[0] as { Properties: { executionName: string } }).Properties.executionName;

describe('two pipelines', () => {
  test('live in one stack, with endpoints of their own', () => {
    // With indentation, the CDK warns that so large a template is near CloudFormation's limit of 1 MB.
    const stack = new Stack(newApp(), 'Stack', { suppressTemplateIndentation: true });
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
    const stack = newStack();
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
    pipelineTemplate().hasResourceProperties(RUN, {
      stateMachineArn: { Ref: Match.stringLikeRegexp('BuildMachine') },
      executionName: Match.stringLikeRegexp('^deploy-[0-9a-f]{14}$'),
    });
    pipelineTemplate({ runOnDeploy: false }).resourceCountIs(RUN, 0);
    pipelineTemplate({ training: undefined }).resourceCountIs(RUN, 1);
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
    ].map((changes) => executionName(pipelineTemplate(changes)));
    expect(new Set(names).size).toBe(names.length);
    expect(executionName(pipelineTemplate({ statusInterval: Duration.seconds(1) }))).toBe(names[0]);
    expect(executionName(pipelineTemplate({ compression: { ...props.compression, memorySize: 1024 } }))).toBe(names[0]);
  });
});

test('functions run on Node 24 on arm64, with logs that end and are encrypted', () => {
  const made = pipelineTemplate();
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
  const made = pipelineTemplate({ runOnDeploy: false });
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
