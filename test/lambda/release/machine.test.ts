import { MachineDefinition } from '../../lib/support/definition';
import { Execution, fault } from '../../lib/support/execute';
import { CRASH_SCRIPT, ReleaseRuns, Step, WRONG_SCRIPT } from './release-runs';

let runs: ReleaseRuns;
beforeAll(async () => (runs = await ReleaseRuns.start()), 600_000);
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
  const run = await runs.run(machine, await runs.build('stillborn-wrong', WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  await expect(runs.serves('stillborn')).rejects.toThrow();
  const good = await runs.build('stillborn-good');
  expect(last(await runs.run(machine, good))).toBe('Released');
  expect(await runs.serves('stillborn')).toBe(good.build);
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
  const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  await runs.sageMaker.aws.s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: `releases/${name}.json` }));
  const run = await runs.run(machine, await runs.build(`${name}-wrong`, WRONG_SCRIPT));
  expect(run.error).toBe('SmokeTestFailed');
  expect(await runs.serves(name)).toBe(good);
});
