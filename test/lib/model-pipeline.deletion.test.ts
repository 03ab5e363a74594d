import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { CompressionRecipe, ModelBucket, ModelPipeline } from '../../lib';
import { definitionOf } from './support/definition';
import { newStack, pipelineProps, pipelineTemplate } from './support/pipelines';

const RUN = 'Custom::ModelpressRunOnDeploy';

describe('the clean-up', () => {
  test('is deleted before anything that it, the endpoint or a running build needs', () => {
    const resources = pipelineTemplate().toJSON().Resources as Record<string, { Type: string; DependsOn?: string[] }>;
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
    pipelineTemplate().hasResourceProperties('Custom::ModelpressCleanUp', {
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
    const made = pipelineTemplate();
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
    const made = pipelineTemplate();
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

test('removes its bucket with the stack if told so, after all that writes to it', () => {
  const emptied = pipelineTemplate({ removalPolicy: RemovalPolicy.DESTROY });
  emptied.resourceCountIs('Custom::ModelpressEmptyBuckets', 1);
  const [cleanUp] = Object.values(emptied.findResources('Custom::ModelpressCleanUp')) as { DependsOn: string[] }[];
  // What depends on something is deleted before it.
  const emptyings = Object.keys(emptied.findResources('Custom::ModelpressEmptyBuckets'));
  expect(cleanUp.DependsOn).toEqual(expect.arrayContaining(emptyings));
  pipelineTemplate().allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
  const models = new ModelBucket(newStack(), 'Models');
  expect(() => pipelineTemplate({ models, removalPolicy: RemovalPolicy.DESTROY })).toThrow(
    'whoever made `models` decides',
  );
});
