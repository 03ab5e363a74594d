import { Duration } from 'aws-cdk-lib';
import { CapacitySize, EndpointSpecification, EndpointUpdatePolicy, ModelPipeline } from '../../lib';
import { definitionOf, Json } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

function deployment(changes: Partial<EndpointSpecification>): Json {
  const stack = newStack();
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, ...changes } });
  const { deploymentConfig } = definitionOf(stack, 'ReleaseMachine').States.Release.Parameters.specification;
  return deploymentConfig;
}

test('canary: a part first, then the rest', () => {
  const updatePolicy = EndpointUpdatePolicy.canary({
    canarySize: CapacitySize.instances(1),
    waitInterval: Duration.minutes(10),
    terminationWait: Duration.minutes(2),
  });
  expect(deployment({ updatePolicy, instanceCount: 4 }).BlueGreenUpdatePolicy).toEqual({
    TrafficRoutingConfiguration: {
      Type: 'CANARY',
      WaitIntervalInSeconds: 600,
      CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
    },
    TerminationWaitInSeconds: 120,
    MaximumExecutionTimeoutInSeconds: 3600,
  });
});

test('linear: in equal steps', () => {
  const updatePolicy = EndpointUpdatePolicy.linear({
    linearStepSize: CapacitySize.percent(20),
    maximumExecutionTimeout: Duration.hours(8),
  });
  expect(deployment({ updatePolicy, instanceCount: 5 }).BlueGreenUpdatePolicy).toEqual({
    TrafficRoutingConfiguration: {
      Type: 'LINEAR',
      WaitIntervalInSeconds: 300,
      LinearStepSize: { Type: 'CAPACITY_PERCENT', Value: 20 },
    },
    TerminationWaitInSeconds: 300,
    MaximumExecutionTimeoutInSeconds: 28800,
  });
});

test('rolling: batch by batch', () => {
  const updatePolicy = EndpointUpdatePolicy.rolling({
    maximumBatchSize: CapacitySize.percent(25),
    waitInterval: Duration.seconds(30),
    rollbackMaximumBatchSize: CapacitySize.percent(100),
  });
  const rendered = deployment({ updatePolicy, instanceCount: 4 });
  expect(rendered.BlueGreenUpdatePolicy).toBeUndefined();
  expect(rendered.RollingUpdatePolicy).toEqual({
    MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 25 },
    WaitIntervalInSeconds: 30,
    MaximumExecutionTimeoutInSeconds: 3600,
    RollbackMaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 100 },
  });
});

test('every policy is guarded by the alarms that the pipeline makes', () => {
  for (const updatePolicy of [
    EndpointUpdatePolicy.canary(),
    EndpointUpdatePolicy.linear(),
    EndpointUpdatePolicy.rolling(),
  ]) {
    const { Alarms } = deployment({ updatePolicy, instanceCount: 2 }).AutoRollbackConfiguration;
    expect(Alarms).toHaveLength(2);
  }
});

test.each<[string, () => EndpointUpdatePolicy, number, string]>([
  ['canary', () => EndpointUpdatePolicy.canary(), 1, 'type CANARY needs two instances or more'],
  ['linear', () => EndpointUpdatePolicy.linear(), 1, 'type LINEAR needs two instances or more'],
  ['rolling', () => EndpointUpdatePolicy.rolling(), 1, 'type ROLLING needs two instances or more'],
  [
    'a large canary',
    () => EndpointUpdatePolicy.canary({ canarySize: CapacitySize.percent(60) }),
    2,
    'canarySize must be from 0 to 50 percent of the instances, received: 60 percent of 2',
  ],
  [
    'a canary of too many instances',
    () => EndpointUpdatePolicy.canary({ canarySize: CapacitySize.instances(2) }),
    3,
    'received: 66.7 percent of 3',
  ],
  [
    'small steps',
    () => EndpointUpdatePolicy.linear({ linearStepSize: CapacitySize.percent(5) }),
    2,
    'linearStepSize must be from 10 to 50 percent',
  ],
  [
    'large batches',
    () => EndpointUpdatePolicy.rolling({ maximumBatchSize: CapacitySize.percent(51) }),
    2,
    'maximumBatchSize must be from 5 to 50 percent',
  ],
  ['more than all', () => EndpointUpdatePolicy.canary({ canarySize: CapacitySize.percent(101) }), 2, 'from 1 to 100'],
  [
    'long steps',
    () => EndpointUpdatePolicy.linear({ waitInterval: Duration.hours(2) }),
    2,
    'waitInterval must be from 0 to 3600',
  ],
  [
    'a limit that the waits exceed',
    () =>
      EndpointUpdatePolicy.canary({
        waitInterval: Duration.minutes(10),
        maximumExecutionTimeout: Duration.minutes(15),
      }),
    2,
    'maximumExecutionTimeout (900 s) must exceed the waits of the update (900 s)',
  ],
])('refuses %s', (_, policy, instanceCount, message) => {
  expect(() => deployment({ updatePolicy: policy(), instanceCount })).toThrow(message);
});
