import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DeploymentConfig, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { pump, TestSageMaker, until } from './test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const HALF = { Type: 'CAPACITY_PERCENT', Value: 50 } as const;

/** Each moves half of the traffic, waits, and moves the rest. */
const policies: readonly [string, (waitSeconds: number) => DeploymentConfig][] = [
  [
    'canary',
    (WaitIntervalInSeconds) => ({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds, CanarySize: HALF },
      },
    }),
  ],
  [
    'linear',
    (WaitIntervalInSeconds) => ({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: 'LINEAR', WaitIntervalInSeconds, LinearStepSize: HALF },
      },
    }),
  ],
  ['rolling', (WaitIntervalInSeconds) => ({ RollingUpdatePolicy: { WaitIntervalInSeconds, MaximumBatchSize: HALF } })],
];

describe.each(policies)('%s, under constant requests', (type, policy) => {
  const instances = { InitialInstanceCount: 2 };
  const alarm = `${type}-alarm`;
  let cloudWatch: CloudWatchClient;
  let name: string;
  let blue: string;

  beforeAll(async () => {
    cloudWatch = new CloudWatchClient(sageMaker.aws.config);
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: alarm,
        Namespace: 'Test',
        MetricName: alarm,
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
    blue = await sageMaker.config(`${type}-blue`, undefined, instances);
    name = await sageMaker.endpoint(blue);
  });

  const update = (config: string, waitSeconds: number): Promise<unknown> =>
    sageMaker.client.send(
      new UpdateEndpointCommand({
        EndpointName: name,
        EndpointConfigName: config,
        DeploymentConfig: { ...policy(waitSeconds), AutoRollbackConfiguration: { Alarms: [{ AlarmName: alarm }] } },
      }),
    );

  const answersOf = (traffic: { models: string[] }, model: string): Promise<unknown> =>
    until(
      () => traffic.models,
      (models) => models.includes(model),
    );

  test('an alarm at half of the traffic takes all of it back, and no request fails', async () => {
    const traffic = pump(sageMaker, name);
    await update(await sageMaker.config(`${type}-risky`, undefined, instances), 600);
    await answersOf(traffic, `${type}-risky`);
    const seen = traffic.models.length;
    await until(
      () => traffic.models.slice(seen),
      (models) => models.includes(`${type}-blue`),
    );
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: alarm, StateValue: 'ALARM', StateReason: 'test' }));
    const endpoint = await sageMaker.settled(name);
    const settled = traffic.models.length;
    await until(
      () => traffic.models.length,
      (count) => count > settled + 20,
    );
    await traffic.stop();
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: alarm, StateValue: 'OK', StateReason: 'test' }));
    expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: blue });
    expect(endpoint.FailureReason).toContain(`alarms are in ALARM: ${alarm}`);
    expect(traffic.errors).toEqual([]);
    // Requests that were on their way when the endpoint settled are answered by whom they had been sent to.
    expect(new Set(traffic.models.slice(-10))).toEqual(new Set([`${type}-blue`]));
  });

  test('both answer for a while, then only the new one, and no request fails', async () => {
    const green = await sageMaker.config(`${type}-green`, undefined, instances);
    const traffic = pump(sageMaker, name);
    await update(green, 1);
    await answersOf(traffic, `${type}-green`);
    const seen = traffic.models.length;
    const endpoint = await sageMaker.settled(name);
    const settled = traffic.models.length;
    await until(
      () => traffic.models.length,
      (count) => count > settled + 20,
    );
    await traffic.stop();
    expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: green });
    expect(endpoint.FailureReason).toBeUndefined();
    expect(traffic.errors).toEqual([]);
    expect(new Set(traffic.models.slice(seen, settled))).toEqual(new Set([`${type}-blue`, `${type}-green`]));
    expect(new Set(traffic.models.slice(-10))).toEqual(new Set([`${type}-green`]));
  });
});
