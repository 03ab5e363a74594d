import { DeploymentConfig } from '@aws-sdk/client-sagemaker';
import { checkDeployment, trafficSteps } from '../../../local/sagemaker/endpoints/deployment-policy';

const variants = (count: number): { VariantName: string; InitialInstanceCount: number }[] => [
  { VariantName: 'V', InitialInstanceCount: count },
];
const percent = (value: number): { Type: 'CAPACITY_PERCENT'; Value: number } => ({
  Type: 'CAPACITY_PERCENT',
  Value: value,
});
const blueGreen = (routing: object): DeploymentConfig => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 5, ...routing },
    TerminationWaitInSeconds: 9,
  },
});

test('traffic moves at once where nothing else is asked for', () => {
  expect(trafficSteps(undefined, variants(1))).toEqual([{ share: 1, waitSeconds: 0 }]);
  expect(trafficSteps(blueGreen({}), variants(1))).toEqual([{ share: 1, waitSeconds: 9 }]);
});

test('a canary is one step before the whole', () => {
  const policy = blueGreen({ Type: 'CANARY', CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 } });
  expect(trafficSteps(policy, variants(4))).toEqual([
    { share: 0.25, waitSeconds: 5 },
    { share: 1, waitSeconds: 9 },
  ]);
});

test('linear steps end with the whole, even where the size does not divide it', () => {
  const policy = blueGreen({ Type: 'LINEAR', LinearStepSize: percent(40) });
  expect(trafficSteps(policy, variants(5))).toEqual([
    { share: 0.4, waitSeconds: 5 },
    { share: 0.8, waitSeconds: 5 },
    { share: 1, waitSeconds: 9 },
  ]);
});

test('a rolling update moves in batches', () => {
  const policy = { RollingUpdatePolicy: { MaximumBatchSize: percent(50), WaitIntervalInSeconds: 3 } };
  expect(trafficSteps(policy, variants(2))).toEqual([
    { share: 0.5, waitSeconds: 3 },
    { share: 1, waitSeconds: 3 },
  ]);
});

test.each<[string, DeploymentConfig, number, string]>([
  [
    'a canary above half',
    blueGreen({ Type: 'CANARY', CanarySize: percent(51) }),
    2,
    'CanarySize must be from 0% to 50%',
  ],
  ['a canary on one instance', blueGreen({ Type: 'CANARY', CanarySize: percent(50) }), 1, 'needs at least 2 instances'],
  ['a canary without size', blueGreen({ Type: 'CANARY' }), 2, 'CanarySize must be specified'],
  ['a linear step below a tenth', blueGreen({ Type: 'LINEAR', LinearStepSize: percent(9) }), 20, 'from 10% to 50%'],
  ['a size of another kind', blueGreen({ LinearStepSize: percent(50) }), 2, 'LinearStepSize is allowed only with'],
  [
    'two policies',
    { ...blueGreen({}), RollingUpdatePolicy: { MaximumBatchSize: percent(50), WaitIntervalInSeconds: 0 } },
    2,
    'only one of BlueGreenUpdatePolicy and RollingUpdatePolicy',
  ],
])('%s is refused', (_title, policy, count, message) => {
  expect(() => checkDeployment(policy, variants(count))).toThrow(message);
});

test('what SageMaker takes is taken', () => {
  checkDeployment(undefined, variants(1));
  checkDeployment(blueGreen({}), variants(1));
  checkDeployment(blueGreen({ Type: 'CANARY', CanarySize: percent(50) }), variants(2));
  checkDeployment(blueGreen({ Type: 'LINEAR', LinearStepSize: percent(10) }), variants(10));
});
