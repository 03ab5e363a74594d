import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EndpointSpecification, EndpointUpdatePolicy, MlInstanceType, ModelPipeline, ShadowTest } from '../../lib';
import { definitionOf, MachineDefinition } from './support/definition';
import { execute, TaskHandler } from './support/execute';
import { newStack, pipelineProps } from './support/pipelines';

interface Policy {
  readonly PolicyDocument: { readonly Statement: { readonly Action: string | string[]; readonly Resource: unknown }[] };
}

function synthesize(changes: Partial<EndpointSpecification>): { machine: MachineDefinition; policies: string } {
  const stack = newStack();
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, endpointName: 'e', ...changes } });
  return {
    machine: definitionOf(stack, 'ReleaseMachine'),
    policies: JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy')),
  };
}

const shadowTest: ShadowTest = { samplingPercentage: 20 };

test('without a shadow test, a release machine has no states and no permissions for one', () => {
  const { machine, policies } = synthesize({});
  expect(Object.keys(machine.States).filter((name) => /shadow|observe/i.test(name))).toEqual([]);
  expect(policies).not.toContain('GetMetricData');
  expect(machine.States.GiveUp.Parameters.shadowsOnly).toBeUndefined();
});

test('by default, a shadow gets requests for half an hour, and has to keep up', () => {
  const { machine, policies } = synthesize({ shadowTest });
  expect(machine.States.Observe).toMatchObject({ Type: 'Wait', Seconds: 1800 });
  expect(machine.States.Shadow.Parameters).toMatchObject({
    specification: machine.States.Release.Parameters.specification,
    shadow: {
      samplingPercentage: 20,
      limits: { minInvocations: 100, maxErrorShare: 0.01, maxLatencyRatio: 1.5 },
    },
  });
  expect(machine.States.JudgeShadow.Parameters).toMatchObject({
    endpointName: 'e',
    variantName: 'main',
    'from.$': '$.status.time',
    limits: machine.States.Shadow.Parameters.shadow.limits,
  });
  expect(machine.States.GiveUp.Parameters.shadowsOnly).toBe(true);
  expect(policies).toContain('cloudwatch:GetMetricData');
});

test('every number can be chosen', () => {
  const { machine } = synthesize({
    shadowTest: {
      samplingPercentage: 100,
      duration: Duration.hours(12),
      minInvocations: 5000,
      maxErrorShare: 0,
      maxModelLatency: Duration.millis(80),
      maxLatencyRatio: 1,
    },
    // A canary or a linear update follows once the shadow is gone.
    updatePolicy: EndpointUpdatePolicy.canary(),
    instanceCount: 4,
  });
  expect(machine.States.Observe.Seconds).toBe(43200);
  expect(machine.States.Shadow.Parameters.shadow).toEqual({
    samplingPercentage: 100,
    limits: { minInvocations: 5000, maxErrorShare: 0, maxModelLatencyMs: 80, maxLatencyRatio: 1 },
  });
});

test.each([{}, { shadowTest }])('what ends a release may move the endpoint off a shadow, with %j', (changes) => {
  const policies = Object.entries(JSON.parse(synthesize(changes).policies) as Record<string, { Properties: Policy }>);
  const [, { Properties }] = policies.find(([id]) => id.includes('FunctionsSettle'))!;
  const moving = Properties.PolicyDocument.Statement.filter(({ Action }) => Action === 'sagemaker:UpdateEndpoint');
  expect(moving).toHaveLength(1);
  expect(JSON.stringify(moving[0].Resource)).toMatch(/:endpoint-config\/e-\*".*:endpoint\/e"/);
});

test('the functions of a shadow may change this endpoint and its configs, and remove nothing', () => {
  const stack = newStack();
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, endpointName: 'e', shadowTest } });
  const policies = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  const actionsOf = (name: string): string[] => {
    const [, { Properties }] = policies.find(([id]) => id.includes(`FunctionsShadow${name}`))!;
    const { Statement } = (Properties as Policy).PolicyDocument;
    return [...new Set(Statement.flatMap(({ Action }) => Action))].filter((action) => !/^(logs|kms|s3)/.test(action));
  };
  expect(actionsOf('Judge')).toEqual(['cloudwatch:GetMetricData']);
  expect(actionsOf('Drop').sort()).toEqual([
    'sagemaker:DescribeEndpoint',
    'sagemaker:DescribeEndpointConfig',
    'sagemaker:UpdateEndpoint',
  ]);
  expect(actionsOf('Start').sort()).toEqual([
    'iam:PassRole',
    'sagemaker:AddTags',
    'sagemaker:CreateEndpointConfig',
    'sagemaker:CreateModel',
    'sagemaker:DescribeEndpoint',
    'sagemaker:DescribeEndpointConfig',
    'sagemaker:UpdateEndpoint',
  ]);
});

describe('what a shadow that does not go leads to', () => {
  const turn = { decision: 'Release', artifact: 's3://models/a/', begun: '2026-11-25T12:00:00Z', ignoreAlarms: false };
  const status =
    (state: string): TaskHandler =>
    () => ({
      state,
      reason: `it is ${state}`,
      time: '2026-11-25T12:00:00Z',
    });
  const steps: Record<string, TaskHandler> = {
    Serialise: () => turn,
    Shadow: () => ({ state: 'Started', endpointConfigName: 'e-shadow', since: '2026-11-25T12:00:00Z' }),
    StatusShadow: status('InService'),
    JudgeShadow: () => ({ state: 'Passed', reason: 'good' }),
    DropShadow: () => ({ endpointConfigName: 'e-good', since: '2026-11-25T13:00:00Z' }),
    GiveUp: () => ({}),
  };

  test.each(['RolledBack', 'Failed', 'RollbackFailed', 'TimedOut'])('%s: nothing is released', async (state) => {
    const { machine } = synthesize({ shadowTest });
    const run = await execute(machine, {}, { ...steps, StatusDropped: status(state) });
    expect(run.path.slice(-3)).toEqual(['ShadowNotDropped', 'GiveUp', 'ReleaseFailed']);
    expect(run).toMatchObject({
      error: 'ShadowStays',
      cause: `The shadow could not be taken away: it is ${state}`,
    });
  });
});

test.each<[string, Partial<EndpointSpecification>, string]>([
  [
    'no request',
    { shadowTest: { samplingPercentage: 0 } },
    'shadowTest.samplingPercentage must be a whole number from 1',
  ],
  ['parts of a percent', { shadowTest: { samplingPercentage: 0.5 } }, 'must be a whole number from 1 to 100'],
  [
    'a moment',
    { shadowTest: { ...shadowTest, duration: Duration.seconds(59) } },
    'shadowTest.duration must be from 60',
  ],
  ['a day', { shadowTest: { ...shadowTest, duration: Duration.days(1) } }, 'to 43200 whole seconds, received: 86400'],
  ['nothing to go by', { shadowTest: { ...shadowTest, minInvocations: 0 } }, 'shadowTest.minInvocations must be'],
  [
    'errors alone',
    { shadowTest: { ...shadowTest, maxErrorShare: 1 } },
    'shadowTest.maxErrorShare must be a number from 0',
  ],
  ['no time at all', { shadowTest: { ...shadowTest, maxLatencyRatio: 0 } }, 'shadowTest.maxLatencyRatio must be'],
  [
    'an hour and more',
    { shadowTest: { ...shadowTest, maxModelLatency: Duration.hours(2) } },
    'shadowTest.maxModelLatency must be from 1 millisecond to 1 hour, received: 7200000 ms',
  ],
  [
    'answers that come later',
    { shadowTest, asyncInference: {} },
    'shadowTest cannot go together with asyncInference: SageMaker copies requests only of endpoints that answer at once',
  ],
  [
    'Inf1',
    { shadowTest, instanceType: MlInstanceType.of('ml.inf1.xlarge') },
    'shadowTest cannot go together with ml.inf1.xlarge: SageMaker serves no shadows',
  ],
  [
    'a rolling update',
    { shadowTest, instanceCount: 2, updatePolicy: EndpointUpdatePolicy.rolling() },
    'shadowTest cannot go together with a rolling update: a shadow comes and goes by a second fleet',
  ],
  [
    'other instances',
    { shadowTest, fallbackInstanceTypes: [MlInstanceType.M7I_LARGE] },
    'shadowTest cannot go together with fallbackInstanceTypes',
  ],
  ['explanations', { shadowTest, explainer: { baseline: '0' } }, 'shadowTest cannot go together with explainer'],
])('refuses %s', (_, changes, message) => {
  expect(() => synthesize(changes)).toThrow(message);
});
