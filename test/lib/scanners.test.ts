import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { createApp } from '../../bin/app';
import { context } from '../../cdk.json';
import { listExamples } from '../../examples/list-examples';
import {
  CompressedModel,
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelEndpoint,
  ModelFormat,
  ModelMonitoring,
  ModelPipeline,
  ModelSource,
  SmokeTest,
} from '../../lib';
import { testPython } from '../support/python';
import { FIXTURES, maximalPipeline, newStack, pipelineProps } from './support/pipelines';

function twoPipelines(app: App): void {
  const stack = new Stack(app, 'Two');
  new ModelPipeline(stack, 'One', pipelineProps({ training: undefined }));
  new ModelPipeline(stack, 'Other', pipelineProps());
}

/** What serves a model that changes by deployments only, with and without everything that costs permissions. */
function deployedModels(app: App): void {
  const stack = new Stack(app, 'Deployed');
  const common = { modelName: 'digits', modelFormat: ModelFormat.TFLITE, recipe: CompressionRecipe.int8() };
  const kept = new CompressedModel(stack, 'Kept', { ...common, source: ModelSource.fromAsset(FIXTURES) });
  new CompressedModel(stack, 'Removed', {
    ...common,
    models: kept.models,
    source: ModelSource.fromBucket(Bucket.fromBucketName(stack, 'Raw', 'raw-models'), 'digits/'),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new ModelEndpoint(stack, 'Endpoint', {
    model: kept,
    image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
    instanceType: MlInstanceType.C7I_LARGE,
  })
    .autoScale({ maxInstanceCount: 3 })
    .scaleOnInvocations('Load', 100);
}

/** An endpoint that answers by way of the bucket, and has no instance while nobody asks. */
function answersLater(app: App): void {
  const stack = new Stack(app, 'Later');
  const masterKey = new Key(stack, 'TopicKey', { enableKeyRotation: true });
  const topic = new Topic(stack, 'Answers', { masterKey, enforceSSL: true });
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', {
    ...props,
    endpoint: {
      ...props.endpoint,
      asyncInference: { successTopic: topic, errorTopic: topic },
      scaling: { minInstanceCount: 0, maxInstanceCount: 2, backlogPerInstance: 5 },
      smokeTest: SmokeTest.fromRequests([{ name: 'one', body: '{}' }]),
    },
  });
}

/** Copies that share instances, and go while nobody asks. */
function copiesThatSleep(app: App): void {
  const props = pipelineProps();
  const stack = new Stack(app, 'Copies');
  const pipeline = new ModelPipeline(stack, 'Pipeline', {
    ...props,
    endpoint: {
      ...props.endpoint,
      inferenceComponent: {
        minMemoryRequiredInMb: 1024,
        minCopyCount: 0,
        maxCopyCount: 2,
        invocationsPerCopy: 100,
      },
      smokeTest: SmokeTest.fromRequests([{ name: 'one', body: '{}' }]),
    },
  });
  new ModelMonitoring(stack, 'Monitoring', { pipeline });
}

/** A scaling endpoint whose models are tried in the shadow first. */
function triedInTheShadow(app: App): void {
  const props = pipelineProps();
  new ModelPipeline(new Stack(app, 'Tried'), 'Pipeline', {
    ...props,
    endpoint: {
      ...props.endpoint,
      shadowTest: { samplingPercentage: 50 },
      scaling: { maxInstanceCount: 2, invocationsPerInstance: 100 },
    },
  });
}

const apps: [string, () => App[]][] = [
  ['deployed models', () => [withStack(deployedModels)]],
  ['every example', () => listExamples().map((name) => createApp({ MODELPRESS_EXAMPLE: name }, { context }))],
  ['the default app that leaves nothing', () => [createApp({ MODELPRESS_REMOVE_MODELS: 'true' }, { context })]],
  ['every property', () => [withStack((app) => maximalPipeline(newStack('Maximal', app)))]],
  ['answers later', () => [withStack(answersLater)]],
  ['tried in the shadow', () => [withStack(triedInTheShadow)]],
  ['copies that sleep', () => [withStack(copiesThatSleep)]],
  ['two pipelines', () => [withStack(twoPipelines)]],
];

function withStack(make: (app: App) => void): App {
  const app = new App({ context });
  make(app);
  return app;
}

const IDENTIFIED = /^(AwsSolutions|NIST\.800\.53\.R5)-/;

/** Each app is made and synthesized once, whichever tests run. */
const made = new Map<string, App[]>();
function appsOf(name: string, make: () => App[]): App[] {
  const known = made.get(name) ?? make();
  made.set(name, known);
  return known;
}

describe.each(apps)('%s', (name, make) => {
  test.each([
    ['AwsSolutions', AwsSolutionsChecks],
    ['NIST 800-53 R5', NIST80053R5Checks],
  ] as const)('has nothing that %s objects to without an answer', (_name, Checks) => {
    const violations = appsOf(name, make).flatMap((app) => new Checks(app).validateScope(app).violations);
    expect(
      violations.map(({ ruleName, violatingResources }) => [
        ruleName,
        violatingResources.map(({ constructPath }) => constructPath),
      ]),
    ).toEqual([]);
  });

  test('is what CloudFormation takes for good', () => {
    const found = appsOf(name, make).map(findings);
    expect(found).toEqual(found.map(() => []));
  });
});

// Once for all: it takes longer to start than to read any of them.
test('cfn-lint finds nothing in any of them', () => {
  const templates = apps
    .flatMap(([name, make]) => appsOf(name, make))
    .flatMap((app) => app.synth().stacks.map(({ templateFullPath }) => templateFullPath));
  expect(templates.length).toBeGreaterThanOrEqual(apps.length);
  const lint = join(dirname(testPython({ withTestPeers: true })), 'cfn-lint');
  // W3005: the CDK writes the dependencies that it knows, whether or not a reference implies them.
  const { status, stdout, stderr } = spawnSync(lint, ['--ignore-checks', 'W3005', '--', ...templates], {
    encoding: 'utf8',
  });
  expect({ status, output: `${stdout}${stderr}` }).toEqual({ status: 0, output: '' });
});

afterEach(() => void jest.restoreAllMocks());

test("what CloudFormation would refuse is among the CDK's findings", () => {
  jest.spyOn(console, 'error').mockImplementation();
  const app = new App();
  new CfnBucket(new Stack(app, 'Wrong'), 'Bucket', { versioningConfiguration: { status: 'Sometimes' } });
  expect(findings(app)).toEqual([expect.stringContaining("'Sometimes' is not one of")]);
});

test('every answer to a scanner is a sentence', () => {
  const app = make();
  const answers = app.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
        .map(({ data }) => data as Record<string, string>),
    );
  const reasons = answers
    .flatMap((answer) => Object.entries(answer))
    .filter(([id]) => IDENTIFIED.test(id.replace(/^Annotation::/i, '')));
  expect(reasons.length).toBeGreaterThan(20);
  for (const [, reason] of reasons) expect(reason).toMatch(/^[A-Z].{30,}\.$/s);
});

/** What the CDK finds in the templates of an app by CloudFormation's own schemas and rules. */
function findings(app: App): string[] {
  const before = process.env.CDK_VALIDATION;
  delete process.env.CDK_VALIDATION;
  try {
    const { directory } = app.synth();
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as ValidationReport;
    return report.pluginReports.flatMap(({ violations }) => violations.map(({ description }) => description));
  } finally {
    process.env.CDK_VALIDATION = before;
  }
}

interface ValidationReport {
  readonly pluginReports: readonly { readonly violations: readonly { readonly description: string }[] }[];
}

function make(): App {
  return withStack((app) => maximalPipeline(newStack('Maximal', app)));
}
