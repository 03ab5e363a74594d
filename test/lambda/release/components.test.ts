import {
  DeleteModelCommand,
  SageMakerClient,
  UpdateInferenceComponentRuntimeConfigCommand,
} from '@aws-sdk/client-sagemaker';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { Duration } from 'aws-cdk-lib';
import { EndpointSpecification, EndpointUpdatePolicy, InferenceComponentOptions, MlInstanceType } from '../../../lib';
import { handler as cleanUp } from '../../../lambda/clean-up-complete';
import { releasedArtifact } from '../../../lambda/release/released-artifact';
import { readEndpoint } from '../../../cli/pipeline/endpoint';
import { MachineDefinition } from '../../lib/support/definition';
import { Execution, fault } from '../../lib/support/execute';
import { BUCKET, pump, until } from '../../local/sagemaker/test-sagemaker';
import { CRASH_SCRIPT, ReleaseRuns, RIGHT_SCRIPT, Step, WRONG_SCRIPT } from './release-runs';

let runs: ReleaseRuns;
beforeAll(async () => (runs = await ReleaseRuns.start()));
afterAll(() => runs.close());

const last = (run: Execution): string => run.path[run.path.length - 1];

const COPY: InferenceComponentOptions = { minMemoryRequiredInMb: 1024 };
const TO_NONE: InferenceComponentOptions = { ...COPY, minCopyCount: 0, maxCopyCount: 2, invocationsPerCopy: 60 };

const machineFor = (
  name: string,
  component: InferenceComponentOptions = COPY,
  more: Partial<EndpointSpecification> = {},
): Promise<MachineDefinition> => runs.machine(name, { inferenceComponent: component, ...more });

interface Serving {
  readonly name: string;
  readonly machine: MachineDefinition;
  readonly good: string;
}

let count = 0;
/** A machine with an endpoint of its own, whose component serves a good build. */
async function serving(component = COPY, name = `c${++count}`): Promise<Serving> {
  const machine = await machineFor(name, component);
  const good = `${name}-good`;
  expect(last(await runs.run(machine, await runs.build(good)))).toBe('Released');
  return { name, machine, good };
}

const setCopies = async (name: string, CopyCount: number): Promise<void> => {
  await runs.sageMaker.client.send(
    new UpdateInferenceComponentRuntimeConfigCommand({
      InferenceComponentName: name,
      DesiredRuntimeConfig: { CopyCount },
    }),
  );
  await until(
    () => runs.component(name),
    ({ RuntimeConfig }) => RuntimeConfig?.CurrentCopyCount === CopyCount,
  );
};

test('the first release makes endpoint and component, a second moves the component alone, and again changes nothing', async () => {
  const { name, machine, good } = await serving();
  expect(await runs.servesByComponent(name)).toBe(good);
  const { EndpointConfigName } = await runs.sageMaker.describe(name);
  const next = await runs.build(`${name}-next`);
  const run = await runs.run(machine, next);
  expect(run.path.filter((state) => !/^(Wait|Status)|in service\?$/i.test(state))).toEqual([
    'Serialise',
    'Newest?',
    'Release',
    'ReleaseComponent',
    'SmokeTest',
    'Right answers?',
    'Settle',
    'Released',
  ]);
  expect(run.output).toMatchObject({ release: { action: 'unchanged' }, component: { action: 'updated' } });
  expect(await runs.servesByComponent(name)).toBe(next.build);
  expect((await runs.sageMaker.describe(name)).EndpointConfigName).toBe(EndpointConfigName);
  const left = await runs.left(name);
  expect([left.configs.length, left.models.length]).toEqual([1, 2]);
  const before = { ...left, ledger: await runs.ledger(name) };
  const again = await runs.run(machine, next);
  expect(again.output).toMatchObject({ release: { action: 'unchanged' }, component: { action: 'unchanged' } });
  expect({ ...(await runs.left(name)), ledger: await runs.ledger(name) }).toEqual(before);
  expect(before.ledger.component?.ModelName).toBe((await runs.component(name)).Specification?.ModelName);
  const client = new SageMakerClient({});
  expect(await releasedArtifact(client, name)).toBe(next.artifact);
  expect(await readEndpoint(client, name)).toMatchObject({
    status: 'InService',
    build: next.build,
    component: { status: 'InService', copies: 1, desiredCopies: 1 },
  });
});

test.each([1, 2])('of %d copies, a model that crashes is rolled back, and no request fails', async (copies) => {
  const { name, machine, good } = await serving({ ...COPY, minCopyCount: copies });
  const traffic = pump(runs.sageMaker, name, { InferenceComponentName: name });
  const run = await runs.run(machine, await runs.build(`${name}-crash`, CRASH_SCRIPT));
  await traffic.stop();
  expect(run.error).toBe('RolledBack');
  expect(run.cause).toContain('went back to');
  expect(run.path.slice(-2)).toEqual(['GiveUp', 'ReleaseFailed']);
  expect(traffic.errors).toEqual([]);
  expect(await runs.servesByComponent(name)).toBe(good);
  expect((await runs.component(name)).LastDeploymentConfig === undefined).toBe(copies === 1);
  const next = await runs.build(`${name}-next`);
  expect(last(await runs.run(machine, next))).toBe('Released');
  expect(await runs.servesByComponent(name)).toBe(next.build);
});

test('a first model that crashes leaves nothing behind, nor does one that answers wrongly', async () => {
  const machine = await machineFor('stillborn');
  const crash = await runs.run(machine, await runs.build('stillborn-crash', CRASH_SCRIPT));
  expect(crash.error).toBe('Failed');
  expect(crash.cause).toContain('no such thing as a model');
  await expect(runs.sageMaker.describe('stillborn')).rejects.toThrow(/Could not find/);
  const wrong = await runs.run(machine, await runs.build('stillborn-wrong', WRONG_SCRIPT));
  expect(wrong.error).toBe('SmokeTestFailed');
  await expect(runs.component('stillborn')).rejects.toThrow(/Could not find/);
  await expect(runs.sageMaker.describe('stillborn')).rejects.toThrow(/Could not find/);
  const good = await runs.build('stillborn-good');
  expect(last(await runs.run(machine, good))).toBe('Released');
  expect(await runs.servesByComponent('stillborn')).toBe(good.build);
});

test('a model that answers wrongly is taken back', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  expect(run.path.slice(-3)).toEqual(['Back in service?', 'GiveUp', 'ReleaseFailed']);
  expect(await runs.servesByComponent(name)).toBe(good);
});

test('a component from before there was a ledger is what a wrong answer goes back to', async () => {
  const { name, machine, good } = await serving();
  const kept = await runs.ledger(name);
  await runs.sageMaker.aws.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: `releases/${name}.json` }));
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  expect(await runs.servesByComponent(name)).toBe(good);
  expect(await runs.ledger(name)).toEqual({ schemaVersion: 1, good: kept.good, component: kept.component });
});

test('a component whose model is gone cannot go back, and goes', async () => {
  const { name, machine } = await serving();
  const { ModelName } = (await runs.component(name)).Specification!;
  await runs.sageMaker.client.send(new DeleteModelCommand({ ModelName }));
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  await expect(runs.component(name)).rejects.toThrow(/Could not find/);
  expect(last(await runs.run(machine, { build: `${name}-good` }))).toBe('Released');
  expect(await runs.servesByComponent(name)).toBe(`${name}-good`);
});

test('a release that is to end an alarm goes past it', async () => {
  const { name, machine } = await serving({ ...COPY, minCopyCount: 2 });
  const guarded = await runs.build(`${name}-guarded`);
  await runs.run(machine, guarded);
  const alarms = async (): Promise<number | undefined> =>
    (await runs.component(name)).LastDeploymentConfig!.AutoRollbackConfiguration?.Alarms?.length;
  expect(await alarms()).toBe(2);
  const past = await runs.build(`${name}-past`);
  expect(last(await runs.run(machine, { build: past.build, ignoreAlarms: true }))).toBe('Released');
  expect(await alarms()).toBeUndefined();
  expect(await runs.servesByComponent(name)).toBe(past.build);
});

test('an update that outlasts its limit is told as such, and the next release waits for it', async () => {
  const { name, machine } = await serving();
  const { StatusComponent, ...States } = machine.States;
  const Parameters = { ...StatusComponent.Parameters, timeoutSeconds: 0 };
  const hurried = {
    ...machine,
    States: { ...States, StatusComponent: { ...StatusComponent, Parameters } },
  } as unknown as MachineDefinition;
  const slow = await runs.build(`${name}-slow`, `import time; time.sleep(2)\n${RIGHT_SCRIPT}`);
  const run = await runs.run(hurried, slow);
  expect(run.error).toBe('TimedOut');
  expect(run.cause).toContain('the next release waits for it');
  expect(run.path.slice(-3)).toEqual(['Still moving?', 'GiveUp', 'ReleaseFailed']);
  const next = await runs.build(`${name}-next`);
  // The retries of the test take no time, so that the update has to end before they are used up.
  const settled = async (step: Step): Promise<void> => {
    if (step !== 'ReleaseComponent') return;
    await until(
      () => runs.component(name),
      ({ InferenceComponentStatus }) => InferenceComponentStatus === 'InService',
    );
  };
  expect(last(await runs.run(machine, next, { before: settled }))).toBe('Released');
  expect(await runs.servesByComponent(name)).toBe(next.build);
});

test('every step outlasts throttling', async () => {
  const { name, machine, good } = await serving();
  const throttled = new Set<Step>();
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT), {
    before: (step) => {
      if (throttled.has(step)) return;
      throttled.add(step);
      throw fault('ThrottlingException', 'Rate exceeded');
    },
  });
  expect(run.error).toBe('SmokeTestFailed');
  expect([...throttled]).toEqual([
    'Serialise',
    'Release',
    'Status',
    'ReleaseComponent',
    'StatusComponent',
    'SmokeTest',
    'RestoreComponent',
    'StatusRestoredComponent',
    'Restore',
    'StatusRestored',
    'GiveUp',
  ]);
  expect(await runs.servesByComponent(name)).toBe(good);
});

test('two releases at once never interleave, and the newer one serves in the end', async () => {
  const { name, machine } = await serving();
  const [older, newer] = [await runs.build(`${name}-older`), await runs.build(`${name}-newer`)];
  const asked: Step[] = [];
  const run = await runs.run(machine, older, {
    before: async (step) => {
      if (step === 'Serialise') return;
      const before = await runs.ledger(name);
      expect(await runs.ask(machine, newer, `${name}-waiting`)).toMatchObject({ name: 'ReleaseQueued' });
      expect(await runs.ledger(name)).toEqual(before);
      asked.push(step);
    },
  });
  expect(last(run)).toBe('Released');
  expect(new Set(asked)).toEqual(
    new Set(['Release', 'Status', 'ReleaseComponent', 'StatusComponent', 'SmokeTest', 'Settle']),
  );
  expect(last(await runs.run(machine, newer, { name: `${name}-waiting` }))).toBe('Released');
  expect(await runs.servesByComponent(name)).toBe(newer.build);
  expect(last(await runs.run(machine, older))).toBe('Superseded');
});

test('real requests that fail make an alarm of the component ring, which rolls the update back', async () => {
  const name = 'alarmed';
  const updatePolicy = EndpointUpdatePolicy.rolling({ waitInterval: Duration.hours(1) });
  const machine = await machineFor(name, { ...COPY, minCopyCount: 2 }, { updatePolicy });
  const good = await runs.build('alarmed-good');
  expect(last(await runs.run(machine, good))).toBe('Released');
  const traffic = pump(runs.sageMaker, name, { InferenceComponentName: name });
  const failing = RIGHT_SCRIPT.replace('time.sleep', 'raise ValueError("broken"); time.sleep');
  const run = await runs.run(machine, await runs.build('alarmed-failing', failing));
  await traffic.stop();
  expect(run.error).toBe('RolledBack');
  expect(run.cause).toMatch(/alarms are in ALARM: alarmed-AlarmsServerErrors/);
  expect(traffic.errors.length).toBeGreaterThan(0);
  expect(await runs.servesByComponent(name)).toBe(good.build);
});

describe('other instances', () => {
  const larger = { instanceType: MlInstanceType.M7I_LARGE };
  const typeOf = async (name: string): Promise<string> => (await runs.sageMaker.describe(name)).EndpointConfigName!;

  test('come by an update of the endpoint, under the component that serves', async () => {
    const { name, good } = await serving();
    const before = await typeOf(name);
    const run = await runs.run(await machineFor(name, COPY, larger), { build: good });
    expect(last(run)).toBe('Released');
    expect(run.output).toMatchObject({ release: { action: 'updated' }, component: { action: 'unchanged' } });
    expect(await typeOf(name)).not.toBe(before);
    expect(await runs.servesByComponent(name)).toBe(good);
  });

  test.each([CRASH_SCRIPT, WRONG_SCRIPT])('go back with a model that fails on them', async (script) => {
    const { name, good } = await serving();
    const before = await typeOf(name);
    const run = await runs.run(await machineFor(name, COPY, larger), await runs.build(`${name}-bad`, script));
    expect(run.error).toBe(script === CRASH_SCRIPT ? 'RolledBack' : 'SmokeTestFailed');
    expect(await runs.servesByComponent(name)).toBe(good);
    expect(await typeOf(name)).toBe(before);
  });
});

test('an endpoint that names its model does not become one with a component, nor the other way round', async () => {
  const plain = await runs.machine('plain');
  await runs.run(plain, await runs.build('plain-good'));
  const build = await runs.build('plain-next');
  const refused = await runs.run(await machineFor('plain'), build);
  expect(refused.error).toBe('EndpointBroken');
  expect(refused.cause).toMatch(/names its model in its config.*another name/);
  expect(await runs.serves('plain')).toBe('plain-good');
  const { name, good } = await serving();
  const back = await runs.run(await runs.machine(name), await runs.build(`${name}-next`));
  expect(back.cause).toMatch(/runs its model by an inference component.*another name/);
  expect(await runs.servesByComponent(name)).toBe(good);
});

test('of all releases, the last few models stay, and the one that runs', async () => {
  const machine = await machineFor('tidy', COPY, { keepReleases: 2 });
  for (const build of ['one', 'two', 'three', 'four'])
    expect(last(await runs.run(machine, await runs.build(`tidy-${build}`)))).toBe('Released');
  const { configs, models } = await runs.left('tidy');
  expect([configs.length, models.length]).toEqual([1, 2]);
  expect(models).toContain((await runs.component('tidy')).Specification!.ModelName);
  // One whose model is gone is a release like any other.
  expect(last(await runs.run(machine, { build: 'tidy-one' }))).toBe('Released');
  expect(await runs.servesByComponent('tidy')).toBe('tidy-one');
});

describe('without a copy', () => {
  test('a component wakes for a request, and scales between its limits', async () => {
    const { name, good } = await serving(TO_NONE);
    expect(await runs.scaling(name, true)).toMatchObject({
      target: { MinCapacity: 0, MaxCapacity: 2 },
      policies: [
        {
          PolicyName: `${name}-invocations`,
          TargetTrackingScalingPolicyConfiguration: { TargetValue: 60, ScaleInCooldown: 300 },
        },
        { PolicyName: `${name}-without-capacity`, PolicyType: 'StepScaling' },
      ],
    });
    expect(await runs.alarm(`${name}-without-capacity`)).toMatchObject({
      MetricName: 'NoCapacityInvocationFailures',
      Dimensions: [{ Name: 'InferenceComponentName', Value: name }],
      Statistic: 'Sum',
      AlarmActions: [expect.stringContaining(`${name}-without-capacity`) as string],
    });
    await setCopies(name, 0);
    await expect(runs.servesByComponent(name)).rejects.toThrow(/no copy/);
    const answer = await until(
      () => runs.servesByComponent(name).catch(() => undefined),
      (found) => found !== undefined,
    );
    expect(answer).toBe(good);
  });

  test('a new model proves itself on one, and a bad one is found out and taken back', async () => {
    const { name, machine, good } = await serving(TO_NONE);
    await setCopies(name, 0);
    const crash = await runs.run(machine, await runs.build(`${name}-crash`, CRASH_SCRIPT));
    expect(crash.error).toBe('RolledBack');
    await setCopies(name, 0);
    const wrong = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
    expect(wrong.error).toBe('SmokeTestFailed');
    await setCopies(name, 0);
    // The same model again: it only has to be woken for its test.
    const same = await runs.run(machine, { build: good });
    expect(last(same)).toBe('Released');
    expect(same.output).toMatchObject({ component: { action: 'unchanged' } });
    expect(await runs.servesByComponent(name)).toBe(good);
  });
});

describe('cut off', () => {
  const steps: Step[] = ['Release', 'Status', 'ReleaseComponent', 'StatusComponent', 'SmokeTest', 'Settle'];

  test.each(steps)('after %s, the next release goes on, and so does the same one', async (cutAfter) => {
    const { name, machine } = await serving(COPY, `cut-${cutAfter.toLowerCase()}`);
    const lost = await runs.build(`${name}-lost`);
    await runs.run(machine, lost, { cutAfter });
    expect(last(await runs.run(machine, lost))).toBe('Released');
    expect(await runs.servesByComponent(name)).toBe(lost.build);
    const other = await runs.build(`${name}-other`);
    await runs.run(machine, other, { cutAfter });
    const next = await runs.build(`${name}-next`);
    expect(last(await runs.run(machine, next))).toBe('Released');
    expect(await runs.servesByComponent(name)).toBe(next.build);
    expect((await runs.ledger(name)).holder).toBeUndefined();
  });

  test.each(['Release', 'ReleaseComponent'] as const)('after %s of the first release of all', async (cutAfter) => {
    const name = `first-${cutAfter.toLowerCase()}`;
    const machine = await machineFor(name);
    await runs.run(machine, await runs.build(`${name}-lost`), { cutAfter });
    const next = await runs.build(`${name}-next`);
    expect(last(await runs.run(machine, next))).toBe('Released');
    expect(await runs.servesByComponent(name)).toBe(next.build);
  });

  test('while a component that never was in service fails, the next release makes another', async () => {
    const name = 'failing';
    const machine = await machineFor(name);
    const crash = await runs.build(`${name}-crash`, CRASH_SCRIPT);
    const run = await runs.run(machine, crash, { cutAfter: 'StatusComponent' });
    expect(run.error).toBeDefined();
    expect((await runs.component(name)).InferenceComponentStatus).toBe('Failed');
    const next = await runs.build(`${name}-next`);
    expect(last(await runs.run(machine, next))).toBe('Released');
    expect(await runs.servesByComponent(name)).toBe(next.build);
  });

  const back: Step[] = ['RestoreComponent', 'StatusRestoredComponent', 'Restore', 'StatusRestored', 'GiveUp'];
  test.each(back)('after %s of a model that answers wrongly, the good one can be brought back', async (cutAfter) => {
    const { name, machine, good } = await serving(COPY, `wrong-${cutAfter.toLowerCase()}`);
    const wrong = await runs.build(`${name}-wrong`, WRONG_SCRIPT);
    await runs.run(machine, wrong, { cutAfter });
    expect((await runs.run(machine, wrong)).error).toBe('SmokeTestFailed');
    expect(await runs.servesByComponent(name)).toBe(good);
  });
});

test('with the stack go component and endpoint, in this order, and all that was made for them', async () => {
  const { name, machine } = await serving(TO_NONE);
  await runs.run(machine, await runs.build(`${name}-next`));
  const scaling = (machine.States.Settle.Parameters as { scaling?: unknown }).scaling;
  const event = {
    RequestType: 'Delete',
    ResourceProperties: {
      endpointName: name,
      ledger: { bucket: BUCKET, key: `releases/${name}.json` },
      scaling,
      inferenceComponent: name,
      modelPackageGroup: name,
      buildMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:cleaned-build',
      releaseMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:cleaned-release',
    },
  };
  process.env.LINGER_SECONDS = '180';
  await until(
    () => cleanUp(event),
    ({ IsComplete }) => IsComplete,
  );
  await expect(runs.component(name)).rejects.toThrow(/Could not find/);
  await expect(runs.sageMaker.describe(name)).rejects.toThrow(/Could not find/);
  expect(await runs.left(name)).toEqual({ configs: [], models: [] });
  expect(await runs.scaling(name, true)).toEqual({ target: undefined, policies: [] });
  expect(await runs.alarm(`${name}-without-capacity`)).toBeUndefined();
  await expect(runs.ledger(name)).rejects.toThrow();
});
