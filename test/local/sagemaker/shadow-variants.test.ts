import { readFile } from 'node:fs/promises';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointConfigCommand,
  CreateEndpointConfigCommandInput,
  CreateModelCommand,
  DeleteEndpointCommand,
  ProductionVariant,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { ECHO_SCRIPT, gone, isAlive, pump, ROLE, SERVING_IMAGE, TestSageMaker, until } from './test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const variant = (name: string, model: string, more: Partial<ProductionVariant> = {}): ProductionVariant => ({
  VariantName: name,
  ModelName: model,
  InitialInstanceCount: 1,
  InstanceType: 'ml.m5.large',
  ...more,
});

async function shadowed(
  production: string,
  shadow: string,
  weight: number,
  more: Partial<CreateEndpointConfigCommandInput> = {},
): Promise<string> {
  const EndpointConfigName = sageMaker.name('shadowed');
  await sageMaker.client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName,
      ProductionVariants: [variant('AllTraffic', production, { InitialVariantWeight: 1 })],
      ShadowProductionVariants: [variant('shadow', shadow, { InitialVariantWeight: weight })],
      ...more,
    }),
  );
  return EndpointConfigName;
}

/** One statistic of all of an endpoint's requests to a variant. */
async function statistic(endpoint: string, of: string, MetricName: string, Stat: string): Promise<number | undefined> {
  const Dimensions = [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: of },
  ];
  const { MetricDataResults } = await new CloudWatchClient(sageMaker.aws.config).send(
    new GetMetricDataCommand({
      MetricDataQueries: [
        {
          Id: 'm',
          MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions }, Period: 86400, Stat },
        },
      ],
      StartTime: new Date(Date.now() - 7.2e6),
      EndTime: new Date(Date.now() + 7.2e6),
    }),
  );
  return MetricDataResults![0].Values![0];
}

async function counted(endpoint: string, of: string, count: number): Promise<void> {
  await until(
    () => statistic(endpoint, of, 'Invocations', 'Sum'),
    (sum) => sum === count,
  );
}

/** A script that writes down who asked what, beside answering. */
const noting = (file: string, script = ECHO_SCRIPT): string =>
  script.replace(
    'def predict_fn(data, model):',
    `def predict_fn(data, model):\n    open(${JSON.stringify(file)}, "a").write(f"{os.getpid()} {data}\\n")`,
  );

test('a shadow is a process of its own, gets each request, and its answers reach nobody but the metrics', async () => {
  const file = `${sageMaker.folder}/noted`;
  const slow = noting(file).replace(
    'time.sleep(data.get("sleep", 0))',
    'time.sleep(0.5); raise ValueError("a shadow")',
  );
  const [production, shadow] = [await sageMaker.config('production'), await sageMaker.config('shadow', slow)];
  const name = await sageMaker.endpoint(await shadowed(production, shadow, 1));
  expect(await sageMaker.describe(name)).toMatchObject({
    EndpointStatus: 'InService',
    ProductionVariants: [{ VariantName: 'AllTraffic' }],
    ShadowProductionVariants: [{ VariantName: 'shadow', CurrentWeight: 1, CurrentInstanceCount: 1 }],
  });
  const pids = new Set<number>();
  for (let asked = 0; asked < 4; asked++) {
    const answer = await sageMaker.invoke(name, { asked });
    expect(answer.model).toBe('production');
    pids.add(answer.pid);
  }
  await counted(name, 'AllTraffic', 4);
  await counted(name, 'shadow', 4);
  const noted = (await readFile(file, 'utf8')).trim().split('\n');
  expect(noted.map((line) => line.slice(line.indexOf(' ') + 1)).sort()).toEqual(
    [0, 1, 2, 3].map((asked) => `{'asked': ${asked}}`),
  );
  const shadowPids = new Set(noted.map((line) => Number(line.split(' ')[0])));
  expect([...shadowPids].some((pid) => pids.has(pid))).toBe(false);
  expect(await statistic(name, 'shadow', 'Invocation5XXErrors', 'Sum')).toBe(4);
  expect(await statistic(name, 'shadow', 'InvocationModelErrors', 'Average')).toBe(1);
  expect(await statistic(name, 'AllTraffic', 'InvocationModelErrors', 'Sum')).toBe(0);
  expect(await statistic(name, 'shadow', 'ModelLatency', 'p99')).toBeGreaterThan(500_000);
  // Without the shadow its process goes, and the endpoint's requests go on.
  await sageMaker.client.send(new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: production }));
  expect((await sageMaker.settled(name)).ShadowProductionVariants).toBeUndefined();
  for (const pid of shadowPids) await gone(pid);
  expect((await sageMaker.invoke(name)).model).toBe('production');
});

test('a shadow that crashes is rolled back, and no request is lost', async () => {
  const [production, crash] = [
    await sageMaker.config('steady'),
    await sageMaker.config('crash', 'raise SystemExit(3)'),
  ];
  const name = await sageMaker.endpoint(production);
  const traffic = pump(sageMaker, name);
  const config = await shadowed(production, crash, 1);
  await sageMaker.client.send(new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: config }));
  expect((await sageMaker.describe(name)).PendingDeploymentSummary).toMatchObject({
    ShadowProductionVariants: [{ VariantName: 'shadow' }],
  });
  const after = await sageMaker.settled(name);
  await traffic.stop();
  expect(after).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: production });
  expect(after.FailureReason).toMatch(/variant shadow did not pass the ping health check: it ended with exit code 3/);
  expect(traffic.errors).toEqual([]);
});

test('the weight is the share of requests that a shadow gets, may be changed, and outlasts a restart', async () => {
  const [production, shadow] = [await sageMaker.config('weighed'), await sageMaker.config('weighing')];
  const name = await sageMaker.endpoint(await shadowed(production, shadow, 0));
  for (let asked = 0; asked < 5; asked++) await sageMaker.invoke(name);
  await counted(name, 'AllTraffic', 5);
  expect(await statistic(name, 'shadow', 'Invocations', 'Sum')).toBeUndefined();
  await sageMaker.client.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: name,
      DesiredWeightsAndCapacities: [{ VariantName: 'shadow', DesiredWeight: 0.5 }],
    }),
  );
  await sageMaker.server.close();
  await sageMaker.open();
  await sageMaker.settled(name);
  for (let asked = 0; asked < 200; asked++) await sageMaker.invoke(name);
  await counted(name, 'AllTraffic', 205);
  // A fair coin falls outside of this once in some million times.
  const mirrored = await statistic(name, 'shadow', 'Invocations', 'Sum');
  expect(mirrored).toBeGreaterThan(60);
  expect(mirrored).toBeLessThan(140);
});

test("a shadow's requests and answers are captured beside those of production", async () => {
  const [production, shadow] = [await sageMaker.config('kept'), await sageMaker.config('kept too')];
  const DataCaptureConfig = {
    EnableCapture: true,
    InitialSamplingPercentage: 100,
    DestinationS3Uri: 's3://models/captured',
    CaptureOptions: [{ CaptureMode: 'InputAndOutput' as const }],
  };
  const name = await sageMaker.endpoint(await shadowed(production, shadow, 1, { DataCaptureConfig }));
  await sageMaker.invoke(name);
  const [key] = await until(
    () => sageMaker.keys(`captured/${name}/shadow/`),
    (found) => found.length > 0,
  );
  expect(Buffer.from(await sageMaker.get(key)).toString()).toContain('kept too');
});

test('refuses what SageMaker excludes', async () => {
  const [production, shadow] = [await sageMaker.config('one'), await sageMaker.config('two')];
  const several = sageMaker.name('several');
  await sageMaker.client.send(
    new CreateModelCommand({
      ModelName: several,
      ExecutionRoleArn: ROLE,
      Containers: [{ Image: SERVING_IMAGE }, { Image: SERVING_IMAGE }],
    }),
  );
  const refused = async (more: Partial<CreateEndpointConfigCommandInput>, reason: RegExp): Promise<void> => {
    await expect(shadowed(production, shadow, 1, more)).rejects.toThrow(reason);
  };
  await refused({ ProductionVariants: [variant('a', production), variant('b', production)] }, /received: 2 and 1/);
  await refused({ ShadowProductionVariants: [variant('a', shadow), variant('b', shadow)] }, /received: 1 and 2/);
  await refused({ ShadowProductionVariants: [variant('AllTraffic', shadow)] }, /Variant names must be unique/);
  await refused(
    { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://models/out/' } } },
    /not supported for asynchronous inference/,
  );
  await refused(
    { ShadowProductionVariants: [variant('s', shadow, { InstanceType: 'ml.inf1.xlarge' })] },
    /not supported for the instance type ml.inf1.xlarge; look at variant s/,
  );
  await refused(
    {
      ShadowProductionVariants: [
        { VariantName: 's', ModelName: shadow, ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 1 } },
      ],
    },
    /not supported for serverless inference/,
  );
  await refused({ ShadowProductionVariants: [variant('s', several)] }, /endpoints with multiple containers/);
});

test('an endpoint that goes takes its shadow along', async () => {
  const file = `${sageMaker.folder}/last`;
  const [production, shadow] = [await sageMaker.config('first'), await sageMaker.config('last', noting(file))];
  const name = await sageMaker.endpoint(await shadowed(production, shadow, 1));
  await sageMaker.invoke(name);
  await counted(name, 'shadow', 1);
  const pid = Number((await readFile(file, 'utf8')).split(' ')[0]);
  expect(await isAlive(pid)).toBe(true);
  await sageMaker.client.send(new DeleteEndpointCommand({ EndpointName: name }));
  await gone(pid);
});
