import {
  ApplicationAutoScalingClient,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointConfigCommand,
  CreateEndpointConfigCommandInput,
  CreateInferenceComponentCommand,
  DeleteEndpointCommand,
  DeleteInferenceComponentCommand,
  DescribeInferenceComponentCommand,
  DescribeInferenceComponentOutput,
  InferenceComponentDeploymentConfig,
  InferenceComponentSpecification,
  ListInferenceComponentsCommand,
  ListTagsCommand,
  ProductionVariant,
  UpdateInferenceComponentCommand,
  UpdateInferenceComponentRuntimeConfigCommand,
} from '@aws-sdk/client-sagemaker';
import { ECHO_SCRIPT, gone, pump, ROLE, TestSageMaker, until } from './test-sagemaker';

const COMPUTE = { ComputeResourceRequirements: { MinMemoryRequiredInMb: 512, NumberOfCpuCoresRequired: 1 } };

let sageMaker: TestSageMaker;
let endpoint: string;
beforeAll(async () => {
  sageMaker = await TestSageMaker.start(0.01);
  endpoint = await sageMaker.endpoint(await withoutModel());
});
afterAll(() => sageMaker.close());

async function withoutModel(
  more: Partial<CreateEndpointConfigCommandInput> = {},
  variant: Partial<ProductionVariant> = {},
): Promise<string> {
  const EndpointConfigName = sageMaker.name('empty');
  await sageMaker.client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName,
      ExecutionRoleArn: ROLE,
      ProductionVariants: [
        {
          VariantName: 'main',
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: 1,
          ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 2 },
          RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
          ...variant,
        },
      ],
      ...more,
    }),
  );
  return EndpointConfigName;
}

const described = (name: string): Promise<DescribeInferenceComponentOutput> =>
  sageMaker.client.send(new DescribeInferenceComponentCommand({ InferenceComponentName: name }));

const settled = (name: string): Promise<DescribeInferenceComponentOutput> =>
  until(
    () => described(name),
    ({ InferenceComponentStatus: status }) => status === 'InService' || status === 'Failed',
  );

/** Creates a component and waits until it has settled; returns its name. */
async function component(ModelName: string, CopyCount = 1, on = endpoint): Promise<string> {
  const InferenceComponentName = sageMaker.name('component');
  await sageMaker.client.send(
    new CreateInferenceComponentCommand({
      InferenceComponentName,
      EndpointName: on,
      VariantName: 'main',
      Specification: { ModelName, ...COMPUTE },
      RuntimeConfig: { CopyCount },
      Tags: [{ Key: 'team', Value: 'a' }],
    }),
  );
  await settled(InferenceComponentName);
  return InferenceComponentName;
}

const update = (
  InferenceComponentName: string,
  ModelName: string,
  more: { DeploymentConfig?: InferenceComponentDeploymentConfig; CopyCount?: number } = {},
): Promise<unknown> =>
  sageMaker.client.send(
    new UpdateInferenceComponentCommand({
      InferenceComponentName,
      Specification: { ModelName, ...COMPUTE },
      RuntimeConfig: more.CopyCount === undefined ? undefined : { CopyCount: more.CopyCount },
      DeploymentConfig: more.DeploymentConfig,
    }),
  );

const setCount = (InferenceComponentName: string, CopyCount: number): Promise<unknown> =>
  sageMaker.client.send(
    new UpdateInferenceComponentRuntimeConfigCommand({ InferenceComponentName, DesiredRuntimeConfig: { CopyCount } }),
  );

const invoke = (name: string, body: object = {}): Promise<{ model: string; pid: number }> =>
  sageMaker.invoke(endpoint, body, { InferenceComponentName: name });

/** The sum of a component's metric. */
async function sum(name: string, MetricName: string): Promise<number | undefined> {
  const Dimensions = [{ Name: 'InferenceComponentName', Value: name }];
  const { MetricDataResults } = await new CloudWatchClient(sageMaker.aws.config).send(
    new GetMetricDataCommand({
      MetricDataQueries: [
        {
          Id: 'm',
          MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions }, Period: 86400, Stat: 'Sum' },
        },
      ],
      StartTime: new Date(Date.now() - 7.2e6),
      EndTime: new Date(Date.now() + 7.2e6),
    }),
  );
  return MetricDataResults![0].Values![0];
}

async function summed(name: string, metric: string, wanted: number): Promise<void> {
  await until(
    () => sum(name, metric),
    (found) => found === wanted,
  );
}

test('components of one endpoint run and answer by themselves, and the endpoint goes only after them', async () => {
  const own = await sageMaker.endpoint(await withoutModel());
  const [first, second] = [
    await component(await sageMaker.config('first'), 1, own),
    await component(await sageMaker.config('second'), 2, own),
  ];
  const ask = (InferenceComponentName: string): Promise<{ model: string; pid: number }> =>
    sageMaker.invoke(own, {}, { InferenceComponentName });
  const [one, two] = [await ask(first), await ask(second)];
  expect([one.model, two.model]).toEqual(['first', 'second']);
  expect(one.pid).not.toBe(two.pid);
  const description = await described(second);
  expect(description).toMatchObject({
    EndpointName: own,
    VariantName: 'main',
    InferenceComponentStatus: 'InService',
    Specification: COMPUTE,
    RuntimeConfig: { DesiredCopyCount: 2, CurrentCopyCount: 2 },
  });
  const { Tags } = await sageMaker.client.send(new ListTagsCommand({ ResourceArn: description.InferenceComponentArn }));
  expect(Tags).toEqual([{ Key: 'team', Value: 'a' }]);
  expect((await sageMaker.describe(own)).ProductionVariants![0]).toMatchObject({
    CurrentInstanceCount: 1,
    ManagedInstanceScaling: { MinInstanceCount: 0 },
    RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  });
  const list = async (): Promise<string[]> => {
    const { InferenceComponents } = await sageMaker.client.send(
      new ListInferenceComponentsCommand({ EndpointNameEquals: own, SortBy: 'Name', SortOrder: 'Ascending' }),
    );
    return InferenceComponents!.map((entry) => entry.InferenceComponentName!);
  };
  expect(await list()).toEqual([first, second].sort());
  await summed(first, 'Invocations', 1);

  const remove = new DeleteEndpointCommand({ EndpointName: own });
  await expect(sageMaker.client.send(remove)).rejects.toThrow(first);
  for (const name of [first, second])
    await sageMaker.client.send(new DeleteInferenceComponentCommand({ InferenceComponentName: name }));
  await until(list, (names) => names.length === 0);
  await Promise.all([gone(one.pid), gone(two.pid)]);
  await expect(described(first)).rejects.toThrow(/^Could not find inference component/);
  await sageMaker.client.send(remove);
});

test('a request must name a component of its endpoint', async () => {
  const other = await component(await sageMaker.config('elsewhere'), 0, await sageMaker.endpoint(await withoutModel()));
  await expect(sageMaker.invoke(endpoint)).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining('InferenceComponentName') as string,
  });
  await expect(invoke(other)).rejects.toThrow(/not found on endpoint/);
  const plain = await sageMaker.endpoint(await sageMaker.config('plain'));
  await expect(sageMaker.invoke(plain, {}, { InferenceComponentName: other })).rejects.toThrow(/not found on endpoint/);
});

const HALVES: InferenceComponentDeploymentConfig = {
  RollingUpdatePolicy: { MaximumBatchSize: { Type: 'COPY_COUNT', Value: 1 }, WaitIntervalInSeconds: 30 },
};

test('an update moves the copies to the next model batch by batch and fails no request', async () => {
  const [old, next] = [await sageMaker.config('old'), await sageMaker.config('next')];
  const name = await component(old, 2);
  const { pid } = await invoke(name);
  const traffic = pump(sageMaker, endpoint, { InferenceComponentName: name });
  await update(name, next, { DeploymentConfig: HALVES });
  await expect(update(name, old)).rejects.toThrow(/^Cannot update in-progress inference component/);
  // With one of two copies moved, both answer.
  await until(
    () => traffic.models.slice(traffic.models.indexOf('next')),
    (models) => traffic.models.includes('next') && models.includes('old'),
  );
  expect((await described(name)).InferenceComponentStatus).toBe('Updating');
  expect(await settled(name)).toMatchObject({
    Specification: { ModelName: next },
    LastDeploymentConfig: HALVES,
    RuntimeConfig: { DesiredCopyCount: 2, CurrentCopyCount: 2 },
  });
  await traffic.stop();
  expect(traffic.errors).toEqual([]);
  await gone(pid);
  expect((await invoke(name)).model).toBe('next');
});

test('a model that crashes at its start is not taken, and the old copies fail no request meanwhile', async () => {
  const old = await sageMaker.config('old');
  const name = await component(old);
  const traffic = pump(sageMaker, endpoint, { InferenceComponentName: name });
  await update(name, await sageMaker.config('broken', 'raise SystemExit("no such layer")'));
  const description = await settled(name);
  await traffic.stop();
  expect(traffic.errors).toEqual([]);
  expect(description).toMatchObject({
    InferenceComponentStatus: 'InService',
    Specification: { ModelName: old },
    FailureReason: expect.stringContaining(`inference component ${name} did not pass the ping health check`) as string,
  });
  expect(new Set(traffic.models)).toEqual(new Set(['old']));
});

test('an alarm on the numbers of a component takes its update back', async () => {
  const old = await sageMaker.config('old');
  const name = await component(old, 2);
  const AlarmName = sageMaker.name('alarm');
  await new CloudWatchClient(sageMaker.aws.config).send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocation5XXErrors',
      Dimensions: [{ Name: 'InferenceComponentName', Value: name }],
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0.01,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    }),
  );
  const bad = ECHO_SCRIPT.replace('time.sleep(data.get("sleep", 0))', 'raise ValueError("wrong shape")');
  await update(name, await sageMaker.config('bad', bad), {
    DeploymentConfig: {
      RollingUpdatePolicy: { ...HALVES.RollingUpdatePolicy!, WaitIntervalInSeconds: 3600 },
      AutoRollbackConfiguration: { Alarms: [{ AlarmName }] },
    },
  });
  const traffic = pump(sageMaker, endpoint, { InferenceComponentName: name });
  const description = await settled(name);
  await traffic.stop();
  expect(description).toMatchObject({
    Specification: { ModelName: old },
    FailureReason: expect.stringContaining(AlarmName) as string,
  });
  expect((await invoke(name)).model).toBe('old');
});

test('without a copy a component fails requests, is woken by its scaling, and takes the next model asleep', async () => {
  const name = await component(await sageMaker.config('old'));
  const { pid } = await invoke(name);
  await setCount(name, 0);
  await gone(pid);
  expect((await described(name)).RuntimeConfig).toMatchObject({ DesiredCopyCount: 0, CurrentCopyCount: 0 });
  await expect(invoke(name)).rejects.toMatchObject({ name: 'ValidationError' });
  await summed(name, 'NoCapacityInvocationFailures', 1);
  // Nobody wakes what has no scaling; and a model that nothing runs cannot crash.
  const broken = await sageMaker.config('broken', 'raise SystemExit(1)');
  await update(name, broken);
  await until(
    () => described(name),
    ({ Specification }) => Specification?.ModelName === broken,
  );
  const next = await sageMaker.config('next');
  await update(name, next);
  await until(
    () => described(name),
    ({ Specification }) => Specification?.ModelName === next,
  );
  expect((await described(name)).RuntimeConfig).toMatchObject({ DesiredCopyCount: 0, CurrentCopyCount: 0 });

  const scaling = new ApplicationAutoScalingClient({ ...sageMaker.aws.config, endpoint: sageMaker.server.url });
  const target = {
    ServiceNamespace: 'sagemaker',
    ResourceId: `inference-component/${name}`,
    ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
  } as const;
  const wrong = { ...target, ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' } as const;
  const limits = { MinCapacity: 0, MaxCapacity: 2 };
  await expect(scaling.send(new RegisterScalableTargetCommand({ ...wrong, ...limits }))).rejects.toThrow(/dimension/);
  await scaling.send(new RegisterScalableTargetCommand({ ...target, ...limits }));
  await scaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'wake',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    }),
  );
  await expect(invoke(name)).rejects.toMatchObject({ name: 'ValidationError' });
  const answer = await until(
    () => invoke(name).catch(() => undefined),
    (found) => found !== undefined,
  );
  expect(answer!.model).toBe('next');
  expect((await described(name)).RuntimeConfig).toMatchObject({ DesiredCopyCount: 1, CurrentCopyCount: 1 });
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 2, MaxCapacity: 4 }));
  expect((await described(name)).RuntimeConfig).toMatchObject({ DesiredCopyCount: 2 });
});

test('an update that brings a copy back proves the model on it, or brings back the one before', async () => {
  const old = await sageMaker.config('old');
  const name = await component(old, 0);
  await update(name, await sageMaker.config('broken', 'raise SystemExit(1)'), { CopyCount: 1 });
  expect(await settled(name)).toMatchObject({ Specification: { ModelName: old } });
  await until(
    () => described(name),
    ({ RuntimeConfig }) => RuntimeConfig?.CurrentCopyCount === 1,
  );
  expect((await invoke(name)).model).toBe('old');
});

test('components come back with the server, and those without a copy stay without', async () => {
  const model = await sageMaker.config('kept');
  const [awake, asleep] = [await component(model), await component(model, 0)];
  await sageMaker.server.close();
  await sageMaker.open();
  await sageMaker.settled(endpoint);
  await Promise.all([settled(awake), settled(asleep)]);
  expect((await invoke(awake)).model).toBe('kept');
  expect((await described(asleep)).RuntimeConfig).toMatchObject({ DesiredCopyCount: 0, CurrentCopyCount: 0 });
});

test('what SageMaker refuses is refused with the reason', async () => {
  await expect(withoutModel({ ExecutionRoleArn: undefined })).rejects.toThrow(/needs an ExecutionRoleArn/);
  const output = { S3OutputPath: 's3://models/answers' };
  await expect(withoutModel({ AsyncInferenceConfig: { OutputConfig: output } })).rejects.toThrow(/asynchronous/);
  const ModelName = await sageMaker.config('any');
  const create = (EndpointName: string, Specification: InferenceComponentSpecification): Promise<unknown> =>
    sageMaker.client.send(
      new CreateInferenceComponentCommand({
        InferenceComponentName: sageMaker.name('refused'),
        EndpointName,
        Specification,
      }),
    );
  const plain = await sageMaker.endpoint(ModelName);
  await expect(create(plain, { ModelName, ...COMPUTE })).rejects.toThrow(/has a model/);
  await expect(create('nowhere', { ModelName, ...COMPUTE })).rejects.toThrow(/Could not find endpoint/);
  await expect(create(endpoint, { ModelName })).rejects.toThrow(/ComputeResourceRequirements/);
  await expect(create(endpoint, COMPUTE)).rejects.toThrow(/ModelName/);
  await expect(create(endpoint, { ModelName: 'nothing', ...COMPUTE })).rejects.toThrow(/Could not find model/);
});
