import { writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointOutput,
  ListEndpointsCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { ECHO_SCRIPT, gone, pump, TestSageMaker, until } from './test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const update = (name: string, config: string, more: object = {}): Promise<unknown> =>
  sageMaker.client.send(new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: config, ...more }));

const guarded = (alarm: string, terminationWait: number): object => ({
  DeploymentConfig: {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
      TerminationWaitInSeconds: terminationWait,
    },
    AutoRollbackConfiguration: { Alarms: [{ AlarmName: alarm }] },
  },
});

/** The echo script, which does not come up before the file that `open` makes is there. */
function gated(name: string): { script: string; open: () => void } {
  const file = join(sageMaker.folder, name);
  const wait = `import os, time\nwhile not os.path.exists(${JSON.stringify(file)}):\n    time.sleep(0.02)\n`;
  return { script: wait + ECHO_SCRIPT, open: () => writeFileSync(file, '') };
}

async function putAlarm(name: string): Promise<CloudWatchClient> {
  const cloudWatch = new CloudWatchClient(sageMaker.aws.config);
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName: name,
      Namespace: 'Test',
      MetricName: name,
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );
  return cloudWatch;
}

test('an endpoint is Creating, then InService, answers, and is gone after its deletion', async () => {
  const gate = gated('created');
  const config = await sageMaker.config('first', gate.script);
  const name = sageMaker.name('endpoint');
  await sageMaker.client.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: config }));
  expect((await sageMaker.describe(name)).EndpointStatus).toBe('Creating');
  await expect(sageMaker.invoke(name)).rejects.toMatchObject({ name: 'ValidationError' });
  await expect(update(name, config)).rejects.toThrow(/^Cannot update in-progress endpoint "arn:/);
  gate.open();
  const endpoint = await sageMaker.settled(name);
  expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: config });
  expect(endpoint.ProductionVariants).toMatchObject([
    { VariantName: 'AllTraffic', CurrentInstanceCount: 1, CurrentWeight: 1 },
  ]);
  const { model, pid } = await sageMaker.invoke(name);
  expect(model).toBe('first');
  await expect(
    sageMaker.client.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: config })),
  ).rejects.toThrow(/^Cannot create already existing endpoint "arn:/);
  await sageMaker.client.send(new DeleteEndpointCommand({ EndpointName: name }));
  await expect(
    until(
      () => sageMaker.describe(name),
      () => false,
    ),
  ).rejects.toThrow(/^Could not find endpoint "arn:/);
  await gone(pid);
});

test("the script's error is a ModelError for the caller, and a line in the log", async () => {
  const name = await sageMaker.endpoint(await sageMaker.config('faulty'));
  await expect(sageMaker.invoke(name, { fail: true })).rejects.toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 500,
    OriginalMessage: 'asked to fail',
    message: expect.stringMatching(
      /^Received server error \(500\) from primary with message "asked to fail"\. See .*for more information\.$/,
    ) as string,
  });
  const unknown = new InvokeEndpointCommand({ EndpointName: name, Body: '{}', TargetVariant: 'Other' });
  await expect(sageMaker.runtime.send(unknown)).rejects.toThrow(/^Variant Other not found for endpoint/);
});

test('no request is lost or answered wrongly while an endpoint is updated', async () => {
  const name = await sageMaker.endpoint(await sageMaker.config('old'));
  const { pid } = await sageMaker.invoke(name);
  const gate = gated('updated');
  const config = await sageMaker.config('new', gate.script);
  const traffic = pump(sageMaker, name);
  await update(name, config);
  expect(await sageMaker.describe(name)).toMatchObject({
    EndpointStatus: 'Updating',
    PendingDeploymentSummary: { EndpointConfigName: config },
  });
  await expect(sageMaker.client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: config }))).rejects.toThrow(
    /is Updating with it/,
  );
  const slow = sageMaker.invoke(name, { sleep: 1.5 });
  gate.open();
  const endpoint = await sageMaker.settled(name);
  await sageMaker.invoke(name);
  await traffic.stop();
  expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: config });
  expect(endpoint.PendingDeploymentSummary).toBeUndefined();
  expect(traffic.errors).toEqual([]);
  expect(new Set(traffic.models)).toEqual(new Set(['old', 'new']));
  expect((await slow).model).toBe('old');
  expect((await sageMaker.invoke(name)).model).toBe('new');
  await gone(pid);
});

test.each([
  ['crashes while it loads', 'raise RuntimeError("cannot read the weights")', 'RuntimeError: cannot read the weights'],
  ['ends', 'import sys\nsys.exit(4)', 'ended with exit code 4'],
  ['has no model_fn', 'def predict_fn(data, model): pass', 'has no model_fn'],
])('an update to a script that %s is rolled back, and the old one keeps serving', async (_title, script, cause) => {
  const config = await sageMaker.config('good');
  const name = await sageMaker.endpoint(config);
  const bad = await sageMaker.config('bad', script);
  const traffic = pump(sageMaker, name);
  await update(name, bad);
  const endpoint = await sageMaker.settled(name);
  await traffic.stop();
  expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: config });
  expect(endpoint.FailureReason).toMatch(
    /^The primary container for production variant AllTraffic did not pass the ping health check/,
  );
  expect(endpoint.FailureReason).toContain(cause);
  expect(traffic.errors).toEqual([]);
  expect(new Set(traffic.models)).toEqual(new Set(['good']));
  expect(sageMaker.lines.some((line) => line.startsWith(`endpoint ${name}: RollingBack`))).toBe(true);
});

test('an endpoint whose first model cannot be loaded is Failed, and only deletion helps', async () => {
  // It breaks after it has been pinged, which must not keep it alive.
  const script = 'import time\ntime.sleep(1)\nraise RuntimeError("broken")';
  const name = await sageMaker.endpoint(await sageMaker.config('bad', script));
  const endpoint = await sageMaker.describe(name);
  expect(endpoint.EndpointStatus).toBe('Failed');
  expect(endpoint.FailureReason).toContain('RuntimeError: broken');
  await expect(update(name, await sageMaker.config('good'))).rejects.toThrow(/in status Failed; delete it/);
  await sageMaker.client.send(new DeleteEndpointCommand({ EndpointName: name }));
});

test('an alarm during the bake rolls the endpoint back', async () => {
  const config = await sageMaker.config('safe');
  const name = await sageMaker.endpoint(config);
  const cloudWatch = await putAlarm('errors-high');
  const traffic = pump(sageMaker, name);
  await update(name, await sageMaker.config('risky'), guarded('errors-high', 600));
  await until(
    () => sageMaker.invoke(name),
    ({ model }) => model === 'risky',
  );
  await cloudWatch.send(
    new SetAlarmStateCommand({ AlarmName: 'errors-high', StateValue: 'ALARM', StateReason: 'test' }),
  );
  const endpoint = await sageMaker.settled(name);
  await sageMaker.invoke(name);
  await traffic.stop();
  expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: config });
  expect(endpoint.FailureReason).toContain('alarms are in ALARM: errors-high');
  expect(traffic.errors).toEqual([]);
  expect((await sageMaker.invoke(name)).model).toBe('safe');
});

test('a guarded update whose alarm stays quiet goes through; a missing alarm does not', async () => {
  const config = await sageMaker.config('one');
  const name = await sageMaker.endpoint(config);
  await putAlarm('quiet');
  const next = await sageMaker.config('two');
  await update(name, next, guarded('quiet', 1));
  expect(await sageMaker.settled(name)).toMatchObject({ EndpointConfigName: next });
  await update(name, config, guarded('unknown', 0));
  const endpoint = await sageMaker.settled(name);
  expect(endpoint.EndpointConfigName).toBe(next);
  expect(endpoint.FailureReason).toContain('the alarm unknown does not exist');
});

test('a canary takes its share before the rest follows', async () => {
  const first = await sageMaker.config('blue', undefined, { InitialInstanceCount: 2 });
  const name = await sageMaker.endpoint(first);
  const next = await sageMaker.config('green', undefined, { InitialInstanceCount: 2 });
  await putAlarm('canary');
  const policy = (value: number): object => ({
    DeploymentConfig: {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'CANARY',
          WaitIntervalInSeconds: 600,
          CanarySize: { Type: 'CAPACITY_PERCENT', Value: value },
        },
      },
      AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'canary' }] },
    },
  });
  await expect(update(name, next, policy(60))).rejects.toThrow(
    'CanarySize must be from 0% to 50% of the capacity, received 60.0%.',
  );
  await update(name, next, policy(50));
  await until(
    () => sageMaker.invoke(name),
    ({ model }) => model === 'green',
  );
  await until(
    () => sageMaker.invoke(name),
    ({ model }) => model === 'blue',
  );
  const cloudWatch = new CloudWatchClient(sageMaker.aws.config);
  await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: 'canary', StateValue: 'ALARM', StateReason: 'test' }));
  expect(await sageMaker.settled(name)).toMatchObject({ EndpointConfigName: first });
});

test('a container that dies is started again', async () => {
  const name = await sageMaker.endpoint(await sageMaker.config('mortal'));
  const { pid } = await sageMaker.invoke(name);
  await expect(sageMaker.invoke(name, { exit: true })).rejects.toMatchObject({ name: 'ModelError' });
  const again = await until(
    () => sageMaker.invoke(name).catch(() => undefined),
    (answer) => answer !== undefined,
  );
  expect(again!.model).toBe('mortal');
  expect(again!.pid).not.toBe(pid);
  expect((await sageMaker.describe(name)).EndpointStatus).toBe('InService');
});

test('variants share the traffic by weight, and weights can be changed', async () => {
  const [a, b] = [await sageMaker.config('a'), await sageMaker.config('b')];
  const config = sageMaker.name('config');
  const variant = { InitialInstanceCount: 1, InstanceType: 'ml.g5.xlarge' } as const;
  await sageMaker.client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: config,
      ProductionVariants: [
        { ...variant, VariantName: 'A', ModelName: a, InitialVariantWeight: 1 },
        { ...variant, VariantName: 'B', ModelName: b, InitialVariantWeight: 0 },
      ],
    }),
  );
  const name = await sageMaker.endpoint(config);
  const answers = async (): Promise<Set<string>> =>
    new Set((await Promise.all(Array.from({ length: 20 }, () => sageMaker.invoke(name)))).map(({ model }) => model));
  expect(await answers()).toEqual(new Set(['a']));
  await sageMaker.client.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: name,
      DesiredWeightsAndCapacities: [
        { VariantName: 'A', DesiredWeight: 0 },
        { VariantName: 'B', DesiredWeight: 1, DesiredInstanceCount: 3 },
      ],
    }),
  );
  expect(await answers()).toEqual(new Set(['b']));
  expect((await sageMaker.describe(name)).ProductionVariants).toMatchObject([
    { CurrentWeight: 0 },
    { CurrentWeight: 1, DesiredInstanceCount: 3 },
  ]);
});

test('invocations are counted in CloudWatch', async () => {
  const name = await sageMaker.endpoint(await sageMaker.config('counted'));
  for (let call = 0; call < 3; call++) await sageMaker.invoke(name);
  await sageMaker.invoke(name, { fail: true }).catch(() => undefined);
  const cloudWatch = new CloudWatchClient(sageMaker.aws.config);
  const total = async (metric: string): Promise<number> => {
    const answer = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/SageMaker',
        MetricName: metric,
        Period: 3600,
        Statistics: ['Sum'],
        StartTime: new Date(Date.now() - 7.2e6),
        EndTime: new Date(Date.now() + 7.2e6),
        Dimensions: [
          { Name: 'EndpointName', Value: name },
          { Name: 'VariantName', Value: 'AllTraffic' },
        ],
      }),
    );
    return (answer.Datapoints ?? []).reduce((sum, point) => sum + point.Sum!, 0);
  };
  await until(
    () => total('Invocations'),
    (sum) => sum === 4,
  );
  expect(await total('Invocation5XXErrors')).toBe(1);
  expect(await total('ModelLatency')).toBeGreaterThan(0);
});

test('endpoints in service come back after a restart and can be updated', async () => {
  const config = await sageMaker.config('lasting');
  const name = await sageMaker.endpoint(config);
  const before = await sageMaker.invoke(name);
  await sageMaker.client.send(new DeleteModelCommand({ ModelName: config }));
  await sageMaker.server.close();
  await gone(before.pid);
  await sageMaker.open();
  const endpoint: DescribeEndpointOutput = await sageMaker.settled(name);
  expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: config });
  const after = await sageMaker.invoke(name);
  expect(after.model).toBe('lasting');
  expect(after.pid).not.toBe(before.pid);
  const next = await sageMaker.config('later');
  await update(name, next);
  expect(await sageMaker.settled(name)).toMatchObject({ EndpointConfigName: next });
  const { Endpoints: found } = await sageMaker.client.send(new ListEndpointsCommand({ NameContains: name }));
  expect(found).toMatchObject([{ EndpointName: name, EndpointStatus: 'InService' }]);
});

test('a server that is closed in the middle of an update comes back with the old config', async () => {
  const config = await sageMaker.config('steady');
  const name = await sageMaker.endpoint(config);
  await putAlarm('never');
  await update(name, await sageMaker.config('halfway'), guarded('never', 600));
  const { pid } = await until(
    () => sageMaker.invoke(name),
    ({ model }) => model === 'halfway',
  );
  await sageMaker.server.close();
  await gone(pid);
  await sageMaker.open();
  const endpoint = await sageMaker.settled(name);
  expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: config });
  expect(endpoint.FailureReason).toContain('was cut off by a restart');
  expect((await sageMaker.invoke(name)).model).toBe('steady');
});

test("a container's output is in the endpoint's log folder", async () => {
  const name = await sageMaker.endpoint(
    await sageMaker.config('talker', `print("hello from the script")\n${ECHO_SCRIPT}`),
  );
  const folder = join(sageMaker.stateDir, 'logs/endpoints', name);
  const [file] = await readdir(folder);
  expect(file).toMatch(/^AllTraffic-.*\.log$/);
  await until(
    () => readFile(join(folder, file), 'utf8'),
    (text) => text.includes('hello from the script'),
  );
});

test('a serverless variant takes no uncompressed model', async () => {
  const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 5 };
  const variant = { ServerlessConfig, InstanceType: undefined, InitialInstanceCount: undefined };
  await expect(sageMaker.config('serverless', ECHO_SCRIPT, variant)).rejects.toThrow(/which ModelDataSource is not/);
});
