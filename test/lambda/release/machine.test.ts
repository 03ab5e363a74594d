import { MachineDefinition } from '../../lib/support/definition';
import { Execution, fault } from '../../lib/support/execute';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { Duration } from 'aws-cdk-lib';
import { EndpointUpdatePolicy, MlInstanceType, SmokeTest } from '../../../lib';
import { pump, until } from '../../local/sagemaker/test-sagemaker';
import { CRASH_SCRIPT, ReleaseRuns, RIGHT_SCRIPT, Step, WEIGHTED_SUM_SCRIPT, WRONG_SCRIPT } from './release-runs';

let runs: ReleaseRuns;
beforeAll(async () => (runs = await ReleaseRuns.start()));
afterAll(() => runs.close());

const last = (run: Execution): string => run.path[run.path.length - 1];

let count = 0;
/** A machine with an endpoint of its own, which serves a good build. */
async function serving(name = `e${++count}`): Promise<{ name: string; machine: MachineDefinition; good: string }> {
  const machine = await runs.machine(name);
  const good = `${name}-good`;
  const run = await runs.run(machine, await runs.build(good));
  expect(last(run)).toBe('Released');
  return { name, machine, good };
}

test('the first release makes the endpoint, a second updates it, and doing it again changes nothing', async () => {
  const { name, machine, good } = await serving();
  expect(await runs.serves(name)).toBe(good);
  const next = await runs.build(`${name}-next`);
  const run = await runs.run(machine, next);
  expect(run.path.filter((state) => !['Wait', 'Status', 'In service?'].includes(state))).toEqual([
    'Serialise',
    'Newest?',
    'Release',
    'SmokeTest',
    'Right answers?',
    'Settle',
    'Released',
  ]);
  expect(await runs.serves(name)).toBe(next.build);
  const before = { ...(await runs.left(name)), ledger: await runs.ledger(name) };
  const again = await runs.run(machine, next);
  expect(last(again)).toBe('Released');
  expect(again.output).toMatchObject({ release: { action: 'unchanged' } });
  expect({ ...(await runs.left(name)), ledger: await runs.ledger(name) }).toEqual(before);
});

test('a model that crashes is rolled back, and the next release goes on', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-crash`, CRASH_SCRIPT));
  expect(last(run)).toBe('ReleaseFailed');
  expect(run.error).toBe('RolledBack');
  expect(run.cause).toContain('no such thing as a model');
  expect(run.path.slice(-3)).toEqual(['NotReleased', 'GiveUp', 'ReleaseFailed']);
  expect(await runs.serves(name)).toBe(good);
  expect((await runs.ledger(name)).holder).toBeUndefined();
  const next = await runs.build(`${name}-next`);
  expect(last(await runs.run(machine, next))).toBe('Released');
  expect(await runs.serves(name)).toBe(next.build);
});

test('a model that answers wrongly is taken back, with the numbers in the error', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  expect(run.cause).toBe(
    '1 of 1 golden requests were answered wrongly:\nvalue: value: expected 0.9 within 0.05, received 0.1',
  );
  expect(run.path.slice(-3)).toEqual(['Back in service?', 'GiveUp', 'ReleaseFailed']);
  expect(await runs.serves(name)).toBe(good);
});

test('a first model that answers wrongly leaves no endpoint behind', async () => {
  const machine = await runs.machine('stillborn');
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  const run = await runs.run(machine, await runs.build('stillborn-wrong', WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  // Nobody is sent to look for a shadow on an endpoint that goes.
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  await expect(runs.serves('stillborn')).rejects.toThrow();
  const good = await runs.build('stillborn-good');
  expect(last(await runs.run(machine, good))).toBe('Released');
  expect(await runs.serves('stillborn')).toBe(good.build);
});

test('real requests that fail make the alarm ring, which rolls the update back', async () => {
  const name = 'alarmed';
  const updatePolicy = EndpointUpdatePolicy.allAtOnce({ terminationWait: Duration.hours(1) });
  const machine = await runs.machine(name, { updatePolicy });
  const good = await runs.build('alarmed-good');
  await runs.run(machine, good);
  const traffic = pump(runs.sageMaker, name);
  const failing = RIGHT_SCRIPT.replace('time.sleep', 'raise ValueError("broken"); time.sleep');
  const run = await runs.run(machine, await runs.build('alarmed-failing', failing));
  await traffic.stop();
  expect(run.error).toBe('RolledBack');
  expect(run.cause).toMatch(/alarms are in ALARM: alarmed-AlarmsServerErrors/);
  expect(traffic.errors.length).toBeGreaterThan(0);
  expect(await runs.serves(name)).toBe(good.build);
});

test('an update that outlasts its limit is told as such, and the next release waits for it', async () => {
  const { name, machine } = await serving();
  const { Status, ...States } = machine.States;
  const Parameters = { ...Status.Parameters, timeoutSeconds: 0 };
  const hurried = {
    ...machine,
    States: { ...States, Status: { ...Status, Parameters } },
  } as unknown as MachineDefinition;
  const slow = await runs.build(`${name}-slow`, `import time; time.sleep(2)\n${RIGHT_SCRIPT}`);
  const run = await runs.run(hurried, slow);
  expect(run.error).toBe('TimedOut');
  expect(run.cause).toContain('the next release waits for it');
  const next = await runs.build(`${name}-next`);
  // The retries of the test take no time, so that the update has to end before they are used up.
  const after = await runs.run(machine, next, {
    before: async (step) => {
      if (step === 'Release') await runs.sageMaker.settled(name);
    },
  });
  expect(last(after)).toBe('Released');
  expect(await runs.serves(name)).toBe(next.build);
});

test('a smoke test that cannot be carried out counts as failed', async () => {
  const { name, machine, good } = await serving();
  const run = await runs.run(machine, await runs.build(`${name}-untested`), {
    before: (step) => {
      if (step === 'SmokeTest') throw fault('AccessDeniedException', 'may not invoke');
    },
  });
  expect(run).toMatchObject({ error: 'AccessDeniedException', cause: 'may not invoke' });
  expect(await runs.serves(name)).toBe(good);
});

test('every step outlasts throttling', async () => {
  const { name, machine } = await serving();
  const throttled = new Set<Step>();
  const next = await runs.build(`${name}-next`);
  const run = await runs.run(machine, next, {
    before: (step) => {
      if (throttled.has(step)) return;
      throttled.add(step);
      throw fault('ThrottlingException', 'Rate exceeded');
    },
  });
  expect(last(run)).toBe('Released');
  expect(throttled.size).toBe(5);
  expect(await runs.serves(name)).toBe(next.build);
});

test('of all releases, the last few configs and models stay', async () => {
  const name = 'tidy';
  const machine = await runs.machine(name, { keepReleases: 2 });
  for (const build of ['one', 'two', 'three', 'four'])
    expect(last(await runs.run(machine, await runs.build(`tidy-${build}`)))).toBe('Released');
  const { configs, models } = await runs.left(name);
  expect(configs).toHaveLength(2);
  expect([...models].sort()).toEqual([...configs].sort());
  // The oldest one, whose config and model are gone, is a release like any other.
  expect(last(await runs.run(machine, { build: 'tidy-one' }))).toBe('Released');
  expect(await runs.serves(name)).toBe('tidy-one');
  expect((await runs.left(name)).configs).toHaveLength(2);
});

test("a build's release gives way to a newer one; a release by hand goes back", async () => {
  const { name, machine } = await serving();
  const [older, newer] = [await runs.build(`${name}-older`), await runs.build(`${name}-newer`)];
  await runs.run(machine, newer);
  const late = await runs.run(machine, older);
  expect(last(late)).toBe('Superseded');
  expect(late.output).toMatchObject({ turn: { reason: expect.stringContaining(newer.artifact) as string } });
  expect(await runs.serves(name)).toBe(newer.build);
  expect(last(await runs.run(machine, { build: older.build }))).toBe('Released');
  expect(await runs.serves(name)).toBe(older.build);
  expect(last(await runs.run(machine, { artifact: newer.artifact }))).toBe('Released');
  expect(await runs.serves(name)).toBe(newer.build);
});

test('an input that names no finished build of this model is refused, and holds nobody up', async () => {
  const { name, machine } = await serving();
  for (const [input, error, text] of [
    [{ build: 'none' }, 'NoArtifact', 'holds no manifest.json'],
    [{ artifact: 's3://models/compressed/letters/one/' }, 'NoArtifact', "not one of this pipeline's artifacts"],
    [{ build: '../other' }, 'InvalidEvent', '{"build":"<name>"}'],
    [{}, 'InvalidEvent', '{"build":"<name>"}'],
  ] as const) {
    const run = await runs.run(machine, input);
    expect(run.error).toBe(error);
    expect(run.cause).toContain(text);
  }
  expect((await runs.ledger(name)).holder).toBeUndefined();
});

describe('cut off', () => {
  const steps: Step[] = ['Serialise', 'Release', 'Status', 'SmokeTest', 'Settle'];

  test.each(steps)('after %s, the next release goes on as if nothing had been', async (cutAfter) => {
    const { name, machine, good } = await serving(`cut-${cutAfter.toLowerCase()}`);
    const lost = await runs.build(`${name}-lost`);
    await runs.run(machine, lost, { cutAfter });
    const next = await runs.build(`${name}-next`);
    expect(last(await runs.run(machine, next))).toBe('Released');
    expect(await runs.serves(name)).toBe(next.build);
    expect((await runs.ledger(name)).holder).toBeUndefined();
    expect(good).not.toBe(next.build);
  });

  test.each(steps)('after %s, the same release started again ends well', async (cutAfter) => {
    const { name, machine } = await serving(`again-${cutAfter.toLowerCase()}`);
    const lost = await runs.build(`${name}-lost`);
    await runs.run(machine, lost, { cutAfter });
    expect(last(await runs.run(machine, lost))).toBe('Released');
    expect(await runs.serves(name)).toBe(lost.build);
    const { configs, models } = await runs.left(name);
    expect([configs.length, models.length]).toEqual([2, 2]);
  });

  const back: Step[] = ['SmokeTest', 'Restore', 'StatusRestored', 'GiveUp'];
  test.each(back)('after %s of a model that answers wrongly, a good one can be brought back', async (cutAfter) => {
    const { name, machine, good } = await serving(`wrong-${cutAfter.toLowerCase()}`);
    const wrong = await runs.build(`${name}-wrong`, WRONG_SCRIPT);
    await runs.run(machine, wrong, { cutAfter });
    const again = await runs.run(machine, wrong);
    expect(again.error).toBe('SmokeTestFailed');
    expect(await runs.serves(name)).toBe(good);
    expect((await runs.ledger(name)).good).toBe((await runs.sageMaker.describe(name)).EndpointConfigName);
  });
});

test('an endpoint from before there was a ledger is what a wrong answer goes back to', async () => {
  const { name, machine, good } = await serving();
  await runs.sageMaker.aws.s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: `releases/${name}.json` }));
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  expect(await runs.serves(name)).toBe(good);
});

describe('scaling', () => {
  const scaling = { minInstanceCount: 2, maxInstanceCount: 6, invocationsPerInstance: 700 };

  test('comes with the first release, and keeps its number of instances over the next', async () => {
    const name = 'scaled';
    const machine = await runs.machine(name, { scaling });
    await runs.run(machine, await runs.build('scaled-one'));
    expect(await runs.scaling(name)).toMatchObject({
      target: { MinCapacity: 2, MaxCapacity: 6 },
      policies: [{ TargetTrackingScalingPolicyConfiguration: { TargetValue: 700, ScaleInCooldown: 300 } }],
    });
    await runs.sageMaker.client.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: name,
        DesiredWeightsAndCapacities: [{ VariantName: 'main', DesiredInstanceCount: 5 }],
      }),
    );
    await runs.run(machine, await runs.build('scaled-two'));
    const count = async (): Promise<number | undefined> =>
      (await runs.sageMaker.describe(name)).ProductionVariants![0].DesiredInstanceCount;
    expect(await count()).toBe(5);
    const larger = await runs.machine(name, { scaling, instanceCount: 4 });
    expect(last(await runs.run(larger, await runs.build('scaled-three')))).toBe('Released');
    expect(await count()).toBe(4);
  });

  test.each(['Released', 'ReleaseFailed'])('makes way for another instance type and is back when %s', async (end) => {
    const name = `typed-${end.toLowerCase()}`;
    const script = end === 'Released' ? RIGHT_SCRIPT : CRASH_SCRIPT;
    await runs.run(await runs.machine(name, { scaling }), await runs.build(`${name}-one`));
    const other = await runs.machine(name, { scaling, instanceType: MlInstanceType.M7I_LARGE });
    const run = await runs.run(other, await runs.build(`${name}-two`, script), {
      before: async (step) => {
        if (step === 'Status') expect((await runs.scaling(name)).target).toBeUndefined();
      },
    });
    expect(last(run)).toBe(end);
    expect(await runs.scaling(name)).toMatchObject({ target: { MaxCapacity: 6 }, policies: [{}] });
  });

  test('goes with a first model that answers wrongly', async () => {
    const machine = await runs.machine('unscaled', { scaling });
    await runs.run(machine, await runs.build('unscaled-wrong', WRONG_SCRIPT));
    expect(await runs.scaling('unscaled')).toEqual({ target: undefined, policies: [] });
  });
});

test('requests and answers are kept in the bucket, and other instance types are accepted', async () => {
  const name = 'features';
  const machine = await runs.machine(name, {
    dataCapture: { samplingPercentage: 100 },
    fallbackInstanceTypes: [MlInstanceType.M7I_LARGE],
  });
  expect(last(await runs.run(machine, await runs.build('features-one')))).toBe('Released');
  await runs.sageMaker.invoke(name, { sleep: 0 });
  const keys = await until(
    () => runs.sageMaker.keys(`captured/${name}/main/`),
    (found) => found.length > 0,
  );
  expect(keys[0]).toMatch(
    /^captured\/features\/main\/\d{4}\/\d{2}\/\d{2}\/\d{2}\/\d{2}-\d{2}-\d{3}-[0-9a-f-]+\.jsonl$/,
  );
  const [line] = Buffer.from(await runs.sageMaker.get(keys[0]))
    .toString()
    .split('\n');
  expect(JSON.parse(line)).toMatchObject({
    captureData: {
      endpointInput: { mode: 'INPUT', encoding: 'JSON', data: '{}' },
      endpointOutput: { mode: 'OUTPUT', data: expect.stringContaining('features-one') as string },
    },
    eventVersion: '0',
  });
});

test('explained answers are tested with their attributions before a model counts as released', async () => {
  const name = 'explained';
  const answer = (first: number, second: number, data = '6.9999999999'): string =>
    JSON.stringify({
      predictions: { content_type: 'text/csv', data },
      explanations: {
        kernel_shap: [[first, second].map((value) => ({ attributions: [{ attribution: [value] }] }))],
      },
    });
  const request = { name: 'sum', body: '1,3', contentType: 'text/csv', absoluteTolerance: 1e-9 };
  const machineFor = (expected: string): Promise<MachineDefinition> =>
    runs.machine(name, {
      explainer: { baseline: '0,0' },
      smokeTest: SmokeTest.fromRequests([{ ...request, expected }]),
    });
  const right = await runs.build('explained-one', WEIGHTED_SUM_SCRIPT);
  const wrong = await runs.run(await machineFor(answer(6, 1)), right);
  expect(wrong.error).toBe('SmokeTestFailed');
  expect(wrong.cause).toMatch(/attribution\[0\]: expected 6 within 1e-9, received 0\.99999999/);
  const unlike = await runs.run(await machineFor(answer(1, 6, '6.99')), right);
  expect(unlike.cause).toContain('predictions.data[0][0]: expected 6.99 within 1e-9, received 7');
  expect(last(await runs.run(await machineFor(answer(1, 6)), right))).toBe('Released');
});

test('an endpoint that answers later is tested in its own way, awake, and scales to none and back', async () => {
  const name = 'later';
  const machine = await runs.machine(name, {
    asyncInference: {},
    scaling: { minInstanceCount: 0, maxInstanceCount: 2, backlogPerInstance: 5 },
  });
  expect(last(await runs.run(machine, await runs.build('later-good')))).toBe('Released');
  expect(await runs.scaling(name)).toMatchObject({
    target: { MinCapacity: 0, MaxCapacity: 2 },
    policies: [
      { PolicyName: 'later-backlog', TargetTrackingScalingPolicyConfiguration: { TargetValue: 5 } },
      { PolicyName: 'later-without-capacity', PolicyType: 'StepScaling' },
    ],
  });
  expect(await runs.alarm('later-without-capacity')).toMatchObject({
    MetricName: 'HasBacklogWithoutCapacity',
    AlarmActions: [expect.stringContaining('later-without-capacity') as string],
  });
  const counted = async (): Promise<number | undefined> =>
    (await runs.sageMaker.describe(name)).ProductionVariants![0].DesiredInstanceCount;
  await runs.sageMaker.client.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: name,
      DesiredWeightsAndCapacities: [{ VariantName: 'main', DesiredInstanceCount: 0 }],
    }),
  );
  const good = (await runs.ledger(name)).good;
  const wrong = await runs.run(machine, await runs.build('later-wrong', WRONG_SCRIPT));
  expect(wrong.error).toBe('SmokeTestFailed');
  expect(wrong.cause).toContain('value: expected 0.9 within 0.05, received 0.1');
  expect(await counted()).toBe(1);
  expect((await runs.sageMaker.describe(name)).EndpointConfigName).toBe(good);
  const failing = RIGHT_SCRIPT.replace('time.sleep', 'raise ValueError("broken"); time.sleep');
  const failed = await runs.run(machine, await runs.build('later-failing', failing));
  expect(failed.cause).toMatch(/the endpoint failed: .*broken/s);
});

describe('under constant requests', () => {
  test('a good, a crashing and a wrong release go through: no request fails, and only the good one stays', async () => {
    const { name, machine } = await serving();
    const traffic = pump(runs.sageMaker, name);
    const good = await runs.build(`${name}-better`);
    expect(last(await runs.run(machine, good))).toBe('Released');
    const crash = await runs.run(machine, await runs.build(`${name}-crash`, CRASH_SCRIPT));
    const wrong = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
    await traffic.stop();
    expect([crash.error, wrong.error]).toEqual(['RolledBack', 'SmokeTestFailed']);
    expect(traffic.errors).toEqual([]);
    expect(traffic.models.length).toBeGreaterThan(50);
    expect(traffic.models.at(-1)).toBe(good.build);
    expect(await runs.serves(name)).toBe(good.build);
  });
});

describe('two releases at once', () => {
  /**
   * What a waiting execution does is to ask for the turn, which changes nothing. So every order of two executions' steps
   * comes to one of these: the one goes through, and the other asks before any, some or all of its steps.
   */
  test.each(['older', 'newer'] as const)('never interleave when the %s one is first', async (first) => {
    const { name, machine } = await serving();
    const builds = { older: await runs.build(`${name}-older`), newer: await runs.build(`${name}-newer`) };
    const second = first === 'older' ? 'newer' : 'older';
    const asked: Step[] = [];
    const run = await runs.run(machine, builds[first], {
      before: async (step) => {
        if (step === 'Serialise') return;
        const state = async (): Promise<unknown> => [await runs.ledger(name), await runs.left(name)];
        const before = await state();
        const waiting = await runs.ask(machine, builds[second], `${name}-waiting`);
        expect(waiting).toMatchObject({ name: 'ReleaseQueued' });
        expect(await state()).toEqual(before);
        asked.push(step);
      },
    });
    expect(last(run)).toBe('Released');
    expect(new Set(asked)).toEqual(new Set(['Release', 'Status', 'SmokeTest', 'Settle']));
    const after = await runs.run(machine, builds[second], { name: `${name}-waiting` });
    expect(last(after)).toBe(first === 'older' ? 'Released' : 'Superseded');
    expect(await runs.serves(name)).toBe(builds.newer.build);
  });

  test('started together, they take turns, and the newest build serves in the end', async () => {
    const { name, machine } = await serving();
    const builds = [];
    for (const number of [1, 2, 3]) builds.push(await runs.build(`${name}-${number}`));
    const inside = new Set<string>();
    const ended = await Promise.all(
      builds.map((build) =>
        runs.run(machine, build, {
          before: (step) => {
            if (step === 'Serialise') return;
            inside.add(build.build);
            expect([...inside]).toEqual([build.build]);
            if (step === 'Settle') inside.delete(build.build);
          },
        }),
      ),
    );
    expect(ended.map(last).every((state) => state === 'Released' || state === 'Superseded')).toBe(true);
    expect(last(ended[2])).toBe('Released');
    expect(await runs.serves(name)).toBe(builds[2].build);
  });

  test('one that was cut off, taken over and started again in its middle touches nothing', async () => {
    const { name, machine } = await serving();
    const [lost, next] = [await runs.build(`${name}-lost`), await runs.build(`${name}-next`)];
    await runs.run(machine, lost, { cutAfter: 'Serialise', name: `${name}-lost` });
    expect(last(await runs.run(machine, next))).toBe('Released');
    const { Serialise: _done, 'Newest?': _decided, Superseded: _not, ...States } = machine.States;
    const redriven = { ...machine, StartAt: 'Release', States };
    const input = { turn: { ...lost, decision: 'Release', begun: '2026-01-01T00:00:00Z', ignoreAlarms: false } };
    const run = await runs.run(redriven, input, { name: `${name}-lost` });
    expect(run.error).toBe('TurnLost');
    expect(await runs.serves(name)).toBe(next.build);
  });
});
