import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  DeleteEndpointConfigCommand,
  DescribeEndpointConfigCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { Duration } from 'aws-cdk-lib';
import { MlInstanceType, ShadowTest } from '../../../lib';
import { VariantMetrics, variantMetrics } from '../../../lambda/release/variant-metrics';
import { Json, MachineDefinition } from '../../lib/support/definition';
import { Execution, fault } from '../../lib/support/execute';
import { pump, until } from '../../local/sagemaker/test-sagemaker';
import { CRASH_SCRIPT, ReleaseRuns, RIGHT_SCRIPT, Step, WRONG_SCRIPT } from './release-runs';

let runs: ReleaseRuns;
beforeAll(async () => (runs = await ReleaseRuns.start()));
afterAll(() => runs.close());

const FAILING_SCRIPT = RIGHT_SCRIPT.replace('time.sleep', 'raise ValueError("broken"); time.sleep');
const SLOW_SCRIPT = RIGHT_SCRIPT.replace('time.sleep(data.get("sleep", 0))', 'time.sleep(0.5)');

const REQUESTS = 12;
const shadowTest: ShadowTest = { samplingPercentage: 100, minInvocations: REQUESTS, maxLatencyRatio: 100 };

const last = (run: Execution): string => run.path[run.path.length - 1];
const shadowStates = (run: Execution): string[] =>
  run.path.filter((state) => /Shadow|Observe|shadow|compare/.test(state) && !/^(Wait|Status)|\?$/.test(state));

let count = 0;
/** A machine that tries models in the shadow, and an endpoint of its own that serves a good build. */
async function serving(
  name = `s${++count}`,
  more: Partial<Parameters<ReleaseRuns['machine']>[1]> = {},
): Promise<{ name: string; machine: MachineDefinition; good: string; first: Execution }> {
  const machine = await runs.machine(name, { shadowTest, ...more });
  const good = `${name}-good`;
  const first = await runs.run(machine, await runs.build(good));
  expect(last(first)).toBe('Released');
  return { name, machine, good, first };
}

/** Asks the endpoint before the shadow is judged, and waits until CloudWatch has it all. */
const asking =
  (name: string, requests = REQUESTS) =>
  async (step: Step, input: Json): Promise<void> => {
    if (step !== 'JudgeShadow') return;
    for (let asked = 0; asked < requests; asked++) await runs.sageMaker.invoke(name);
    await until(
      () => numbers(name, input),
      (variants) => variants.every(({ invocations }) => invocations >= requests),
    );
  };

async function numbers(endpointName: string, input: Json): Promise<VariantMetrics[]> {
  const from = new Date(input.from as unknown as string);
  const client = new CloudWatchClient(runs.sageMaker.aws.config);
  const shared = { client, endpointName, from, to: new Date(Date.now() + 1000) };
  return Promise.all(['main', 'shadow'].map((variantName) => variantMetrics({ ...shared, variantName })));
}

/** What must be true when nothing of a shadow is left and the build serves, proven, on its own. */
async function expectOnly(name: string, build: string, releases: number): Promise<void> {
  const endpoint = await runs.sageMaker.describe(name);
  expect(endpoint.EndpointStatus).toBe('InService');
  expect(endpoint.ShadowProductionVariants).toBeUndefined();
  expect(await runs.serves(name)).toBe(build);
  const ledger = await runs.ledger(name);
  expect(ledger.good).toBe(endpoint.EndpointConfigName);
  expect(ledger.holder).toBeUndefined();
  const { configs, models } = await runs.left(name);
  expect(configs).toHaveLength(releases);
  expect([...models].sort()).toEqual([...configs].sort());
}

test('a good model is tried in the shadow, and released once the shadow is gone; the first release goes without', async () => {
  const { name, machine, first } = await serving();
  expect(shadowStates(first)).toEqual(['Shadow']);
  expect(first.output).toMatchObject({
    shadow: { state: 'Skipped', reason: 'no shadow test: no model serves yet that this one could be compared with' },
  });
  const next = await runs.build(`${name}-next`);
  const seen: string[] = [];
  const ask = asking(name);
  const run = await runs.run(machine, next, {
    before: async (step, input) => {
      await ask(step, input);
      if (step === 'JudgeShadow') seen.push(await runs.serves(name));
      if (step === 'Release')
        expect((await runs.sageMaker.describe(name)).EndpointConfigName).toBe((await runs.ledger(name)).good);
    },
  });
  expect(last(run)).toBe('Released');
  expect(shadowStates(run)).toEqual(['Shadow', 'Observe', 'JudgeShadow', 'DropShadow']);
  // Whoever asked got the answers of the model before.
  expect(seen).toEqual([`${name}-good`]);
  const { shadowTest: verdict } = run.output as { shadowTest: Record<string, Json> };
  expect(verdict).toMatchObject({
    state: 'Passed',
    production: { errorShare: 0 },
    shadow: { errorShare: 0, p99Ms: expect.any(Number) as number },
  });
  expect(Number(verdict.shadow.invocations)).toBeGreaterThanOrEqual(REQUESTS);
  await expectOnly(name, next.build, 2);
});

test('a model that fails in the shadow is refused with the numbers, no caller notices, and nothing of it is left', async () => {
  const { name, machine, good } = await serving();
  const before = { ...(await runs.left(name)), ledger: await runs.ledger(name) };
  const traffic = pump(runs.sageMaker, name);
  const run = await runs.run(machine, await runs.build(`${name}-failing`, FAILING_SCRIPT), { before: asking(name) });
  await traffic.stop();
  expect(run.error).toBe('ShadowTestFailed');
  expect(run.cause).toMatch(
    /^the new model did not keep its limits in the shadow: it failed on 100 % more, at most 1 % are allowed \(of \d+ copied requests it failed on 100 %, p99 [\d.]+ ms; the model that serves failed on 0 % of \d+, p99 [\d.]+ ms\)$/,
  );
  expect(run.path).not.toContain('Release');
  expect(run.path.slice(-4)).toEqual(['Alone in service?', 'Worth releasing?', 'GiveUp', 'ReleaseFailed']);
  expect(traffic.errors).toEqual([]);
  expect(new Set(traffic.models)).toEqual(new Set([good]));
  expect({ ...(await runs.left(name)), ledger: await runs.ledger(name) }).toEqual(before);
  await expectOnly(name, good, 1);
});

test('a model that is slow in the shadow is refused', async () => {
  const maxModelLatency = Duration.millis(250);
  const { name, machine, good } = await serving('slow', { shadowTest: { ...shadowTest, maxModelLatency } });
  const run = await runs.run(machine, await runs.build('slow-one', SLOW_SCRIPT), { before: asking(name) });
  expect(run.error).toBe('ShadowTestFailed');
  expect(run.cause).toMatch(/its p99 latency is [\d.]+ ms, at most 250 ms is allowed/);
  await expectOnly(name, good, 1);
});

test('a model of which too few requests are known is refused', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-unseen`), { before: asking(name, 2) });
  expect(run.error).toBe('ShadowTestFailed');
  expect(run.cause).toContain(`it got 2 requests, and at least ${REQUESTS} are needed`);
  await expectOnly(name, good, 1);
});

test('a model that does not come up in the shadow is refused with the reason', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-crash`, CRASH_SCRIPT));
  expect(run.error).toBe('RolledBack');
  expect(run.cause).toContain('no such thing as a model');
  expect(run.path).toContain('ShadowNotStarted');
  expect(run.path).not.toContain('Release');
  await expectOnly(name, good, 1);
});

test('a model that could not be judged is refused', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-unjudged`), {
    before: (step) => {
      if (step === 'JudgeShadow') throw fault('AccessDeniedException', 'may not look at metrics');
    },
  });
  expect(run).toMatchObject({ error: 'AccessDeniedException', cause: 'may not look at metrics' });
  await expectOnly(name, good, 1);
});

test('every step outlasts throttling', async () => {
  const { name, machine } = await serving();
  const throttled = new Set<Step>();
  const next = await runs.build(`${name}-next`);
  const ask = asking(name);
  const run = await runs.run(machine, next, {
    before: async (step, input) => {
      if (throttled.has(step)) return ask(step, input);
      throttled.add(step);
      throw fault('ThrottlingException', 'Rate exceeded');
    },
  });
  expect(last(run)).toBe('Released');
  expect(throttled.size).toBe(10);
  await expectOnly(name, next.build, 2);
});

test('releasing what serves, or past all alarms, goes without a shadow', async () => {
  const { name, machine, good } = await serving();
  const again = await runs.run(machine, { build: good });
  expect(shadowStates(again)).toEqual(['Shadow']);
  expect(again.output).toMatchObject({ shadow: { reason: expect.stringContaining('serves already') as string } });
  const next = await runs.build(`${name}-next`);
  const hurried = await runs.run(machine, { build: next.build, ignoreAlarms: true });
  expect(shadowStates(hurried)).toEqual(['Shadow']);
  expect(hurried.output).toMatchObject({ shadow: { reason: expect.stringContaining('to end an alarm') as string } });
  await expectOnly(name, next.build, 2);
});

describe('cut off', () => {
  const steps: Step[] = ['Shadow', 'StatusShadow', 'JudgeShadow', 'DropShadow', 'StatusDropped', 'GiveUp'];

  test.each(steps)('after %s of a model that fails, the next release leaves nothing of it', async (cutAfter) => {
    const { name, machine } = await serving(`cut-${cutAfter.toLowerCase()}`);
    const ask = asking(name);
    await runs.run(machine, await runs.build(`${name}-lost`, FAILING_SCRIPT), { cutAfter, before: ask });
    const next = await runs.build(`${name}-next`);
    const run = await runs.run(machine, next, { before: ask });
    expect(last(run)).toBe('Released');
    expect(shadowStates(run)).toContain('JudgeShadow');
    await expectOnly(name, next.build, 2);
  });

  test.each(steps.slice(0, -1))('after %s of a good model, the same release ends well', async (cutAfter) => {
    const { name, machine } = await serving(`again-${cutAfter.toLowerCase()}`);
    const ask = asking(name);
    const lost = await runs.build(`${name}-lost`);
    await runs.run(machine, lost, { cutAfter, before: ask });
    expect(last(await runs.run(machine, lost, { before: ask }))).toBe('Released');
    await expectOnly(name, lost.build, 2);
  });

  test('while the shadow is there, a release of a stack that tries nothing any more takes it away', async () => {
    const { name, machine } = await serving('cut-plain');
    await runs.run(machine, await runs.build('cut-plain-lost'), { cutAfter: 'StatusShadow' });
    expect((await runs.sageMaker.describe(name)).ShadowProductionVariants).toHaveLength(1);
    const next = await runs.build('cut-plain-next');
    expect(last(await runs.run(await runs.machine(name), next))).toBe('Released');
    await expectOnly(name, next.build, 2);
  });

  test('while the shadow is there, a release of such a stack that is rolled back takes it away, too', async () => {
    const { name, machine, good } = await serving('cut-back');
    await runs.run(machine, await runs.build('cut-back-lost'), { cutAfter: 'StatusShadow' });
    const run = await runs.run(await runs.machine(name), await runs.build('cut-back-crash', CRASH_SCRIPT));
    expect(run).toMatchObject({ error: 'RolledBack', cause: expect.stringContaining('no such thing') as string });
    await until(
      () => runs.sageMaker.describe(name),
      ({ EndpointStatus }) => EndpointStatus === 'InService',
    );
    const endpoint = await runs.sageMaker.describe(name);
    expect(endpoint.ShadowProductionVariants).toBeUndefined();
    expect(endpoint.EndpointConfigName).toBe((await runs.ledger(name)).good);
    expect(await runs.serves(name)).toBe(good);
  });
});

test('an endpoint that a wrong release was cut off on is compared with, and goes back to, the one that proved itself', async () => {
  const { name, machine, good } = await serving();
  await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT), {
    cutAfter: 'Status',
    before: asking(name),
  });
  expect(await runs.serves(name)).toBe(`${name}-wrong`);
  const run = await runs.run(machine, await runs.build(`${name}-failing`, FAILING_SCRIPT), { before: asking(name) });
  expect(run.error).toBe('ShadowTestFailed');
  expect(await runs.serves(name)).toBe(good);
});

test('of all releases the last few stay, however many shadows there were', async () => {
  const { name, machine } = await serving('kept', { keepReleases: 2 });
  for (const number of [1, 2, 3]) {
    const run = await runs.run(machine, await runs.build(`kept-${number}`), { before: asking(name) });
    expect(last(run)).toBe('Released');
  }
  await expectOnly(name, 'kept-3', 2);
});

test('the shadow has the share of instances that it has of the requests, and those that scaling made stay', async () => {
  const scaling = { minInstanceCount: 1, maxInstanceCount: 6, invocationsPerInstance: 700 };
  const half = { ...shadowTest, samplingPercentage: 50, minInvocations: 1 };
  const { name } = await serving('shared', {
    scaling,
    shadowTest: half,
    dataCapture: { samplingPercentage: 100 },
  });
  await runs.sageMaker.client.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: name,
      DesiredWeightsAndCapacities: [{ VariantName: 'main', DesiredInstanceCount: 5 }],
    }),
  );
  // The type of a shadow may be another one; that of the model that serves stays until it is released.
  const other = await runs.machine(name, { scaling, shadowTest: half, instanceType: MlInstanceType.M7I_LARGE });
  let beside: unknown;
  const run = await runs.run(other, await runs.build('shared-next'), {
    before: async (step, input) => {
      if (step !== 'JudgeShadow') return;
      const endpoint = await runs.sageMaker.describe(name);
      const config = await runs.sageMaker.client.send(
        new DescribeEndpointConfigCommand({ EndpointConfigName: endpoint.EndpointConfigName }),
      );
      beside = { endpoint, config };
      expect((await runs.scaling(name)).target).toBeDefined();
      // Of forty fair coins, one shows heads but once in a million million times.
      await asking(name, 0)(step, input);
      for (let asked = 0; asked < 40; asked++) await runs.sageMaker.invoke(name);
      await until(
        () => numbers(name, input),
        ([production, shadow]) => production.invocations >= 40 && shadow.invocations > 0,
      );
    },
  });
  expect(last(run)).toBe('Released');
  expect(beside).toMatchObject({
    endpoint: {
      ProductionVariants: [{ VariantName: 'main', DesiredInstanceCount: 5 }],
      ShadowProductionVariants: [{ VariantName: 'shadow', DesiredInstanceCount: 3, DesiredWeight: 0.5 }],
    },
    config: {
      ProductionVariants: [{ InstanceType: 'ml.c7i.large' }],
      ShadowProductionVariants: [{ InstanceType: 'ml.m7i.large' }],
      DataCaptureConfig: { InitialSamplingPercentage: 100 },
    },
  });
  const { ProductionVariants } = await runs.sageMaker.describe(name);
  expect(ProductionVariants).toMatchObject([{ VariantName: 'main', DesiredInstanceCount: 5 }]);
});

test('a shadow that cannot be taken away is told, and the next release gets rid of it', async () => {
  const { name, machine } = await serving('stays');
  const { good } = await runs.ledger(name);
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  const run = await runs.run(machine, await runs.build('stays-lost'), {
    before: async (step, input) => {
      await asking(name)(step, input);
      if (step === 'DropShadow')
        await runs.sageMaker.client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: good }));
    },
  });
  expect(run.error).toBe('EndpointBroken');
  expect(run.cause).toContain(`serves beside a shadow, and the config that it is to go back to, ${good}, is gone`);
  // The end of a release tries once more, and neither that nor what comes of it hides why the release failed.
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^a shadow, if one is left on stays.* is gone/)]]);
  warn.mockRestore();
  expect((await runs.ledger(name)).holder).toBeUndefined();
  const next = await runs.build('stays-next');
  const after = await runs.run(machine, next);
  expect(last(after)).toBe('Released');
  expect(after.output).toMatchObject({ shadow: { reason: expect.stringContaining('proved itself yet') as string } });
  await expectOnly(name, next.build, 1);
});
