import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EndpointScaling, EndpointSpecification, EndpointUpdatePolicy, ModelPipeline } from '../../lib';
import { definitionOf, Json } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

const usual: EndpointScaling = { maxInstanceCount: 4, invocationsPerInstance: 500 };

function synthesize(changes: Partial<EndpointSpecification>): { states: Record<string, Json>; template: Template } {
  const stack = newStack();
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, ...changes } });
  return { states: definitionOf(stack, 'ReleaseMachine').States, template: Template.fromStack(stack) };
}

test('every step that changes the endpoint, and the clean-up, know how it scales', () => {
  const { states, template } = synthesize({ scaling: usual });
  const scaling = {
    variantName: 'main',
    minCapacity: 1,
    maxCapacity: 4,
    invocationsPerInstance: 500,
    scaleOutCooldownSeconds: 300,
    scaleInCooldownSeconds: 300,
  };
  for (const state of ['Release', 'Settle', 'GiveUp']) expect(states[state].Parameters.scaling).toEqual(scaling);
  template.hasResourceProperties('Custom::ModelpressCleanUp', { scaling });
  const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
  for (const action of ['RegisterScalableTarget', 'PutScalingPolicy', 'DeregisterScalableTarget'])
    expect(policies).toContain(`application-autoscaling:${action}`);
});

test('without it, nothing may touch Application Auto Scaling', () => {
  const { states, template } = synthesize({});
  expect(states.Settle.Parameters.scaling).toBeUndefined();
  expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('autoscaling');
});

test('the endpoint begins with the fewest, unless told otherwise', () => {
  const count = (changes: Partial<EndpointSpecification>): unknown =>
    synthesize(changes).states.Release.Parameters.specification.initialInstanceCount;
  expect(count({ scaling: { ...usual, minInstanceCount: 2 } })).toBe(2);
  expect(count({ scaling: { ...usual, minInstanceCount: 2 }, instanceCount: 3 })).toBe(3);
});

test('an endpoint that answers later may be without an instance, but for its model to prove itself', () => {
  const scaling = { minInstanceCount: 0, maxInstanceCount: 4, backlogPerInstance: 5 };
  const { states, template } = synthesize({ scaling, asyncInference: {}, endpointName: 'e' });
  expect(states.Settle.Parameters.scaling).toEqual({
    variantName: 'main',
    minCapacity: 0,
    maxCapacity: 4,
    backlogPerInstance: 5,
    scaleOutCooldownSeconds: 300,
    scaleInCooldownSeconds: 300,
  });
  expect(states.Release.Parameters.specification.initialInstanceCount).toBe(1);
  expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain(':alarm:e-without-capacity');
});

test.each<[string, Partial<EndpointSpecification>, string]>([
  [
    'fewest above most',
    { scaling: { ...usual, minInstanceCount: 5 } },
    'scaling.minInstanceCount (5) must not exceed scaling.maxInstanceCount (4)',
  ],
  ['none at all', { scaling: { ...usual, minInstanceCount: 0 } }, 'can be 0 only with asyncInference'],
  ['no requests', { scaling: { ...usual, invocationsPerInstance: 0 } }, 'must be given, and more than 0, received: 0'],
  [
    'a backlog where nothing waits',
    { scaling: { maxInstanceCount: 4, backlogPerInstance: 5 } },
    'scaling.backlogPerInstance is for endpoints with asyncInference; give scaling.invocationsPerInstance instead',
  ],
  [
    'requests a minute where they wait',
    { scaling: usual, asyncInference: {} },
    'scaling.invocationsPerInstance is for endpoints without asyncInference; give scaling.backlogPerInstance instead',
  ],
  [
    'no backlog where requests wait',
    { scaling: { maxInstanceCount: 4 }, asyncInference: {} },
    'scaling.backlogPerInstance must be given, and more than 0, received: undefined',
  ],
  [
    'a count outside',
    { scaling: usual, instanceCount: 5 },
    'instanceCount (5) must be from scaling.minInstanceCount (1)',
  ],
  [
    'a long cooldown',
    { scaling: { ...usual, scaleInCooldown: Duration.hours(2) } },
    'scaling.scaleInCooldown must be from 0 to 3600',
  ],
  [
    'a canary of what may be one instance',
    { scaling: usual, instanceCount: 3, updatePolicy: EndpointUpdatePolicy.canary() },
    'two instances or more',
  ],
])('refuses %s', (_, changes, message) => {
  expect(() => synthesize(changes)).toThrow(message);
});
