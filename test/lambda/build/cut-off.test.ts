import { fault } from '../../lib/support/execute';
import { evaluationOptions } from '../../lib/support/pipelines';
import { checkArtifacts, checkBuilds } from '../../support/model/check-builds';
import { checkReleases } from '../../support/model/check-releases';
import { Mishap } from '../../support/model/invocation';
import { makeStage, Stage } from '../../support/model/stage';
import { atRandom, Choose, explore } from '../../support/model/threads';
import { Started, World, WorldOptions } from '../../support/model/world';

const metrics = { raw: { accuracy: 0.97 }, compressed: { accuracy: 0.97 } };

let stage: Stage;
beforeAll(async () => {
  // Metrics that cannot be published any more.
  jest.spyOn(console, 'warn').mockImplementation();
  await World.open();
  stage = makeStage({ evaluation: evaluationOptions() });
});

const open = (options: WorldOptions = {}): World => new World(stage, { metrics, ...options });

/** Another build of the same comes to its end and serves. */
async function buildAgain(world: World): Promise<void> {
  const again = world.build('again');
  await world.run();
  expect(again).toMatchObject({ status: 'SUCCEEDED' });
  expect(world.serves).toBe('again');
}

async function removeLeftBehind(world: World): Promise<void> {
  world.removeLeftBehind();
  await world.run();
  expect(world.of('left-behind').every(({ status }) => status === 'SUCCEEDED')).toBe(true);
  checkBuilds(world);
}

/** What may come after a build that ended in its middle, in either order. */
const AFTERWARDS: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'is removed, and the next build serves': async (world) => {
    await removeLeftBehind(world);
    await buildAgain(world);
    checkBuilds(world);
  },
  'is in the way of no build that comes before it is removed': async (world) => {
    await buildAgain(world);
    await removeLeftBehind(world);
  },
};

describe.each(Object.entries(AFTERWARDS))('what a build leaves behind %s', (_, afterwards) => {
  const ends: Readonly<Record<string, (world: World, execution: Started) => void>> = {
    'cut off': (world, execution) => world.cut(execution),
    'stopped while its function goes on': (world, execution) => world.stop(execution),
  };

  test.each(Object.entries(ends))('that is %s before any state or change', async (__, end) => {
    let isCut = true;
    let step = 0;
    for (; isCut; step++) {
      const world = open({ points: 'changes' });
      const build = world.build('first');
      isCut = false;
      await world.run(undefined, (thread) => {
        if (thread !== build.thread || thread.steps !== step + 1 || thread.isDone || build.status !== 'RUNNING') return;
        isCut = true;
        end(world, build);
      });
      await afterwards(world);
      checkReleases(world);
    }
    // Ten states, and each of the four that write changes several things.
    expect(step).toBeGreaterThan(18);
  });
});

describe('a function that is cut off before any change that it makes', () => {
  const killed = (before: number): Mishap => ({ error: fault('Sandbox.Timedout'), before });

  test.each(['Plan', 'CompressItem', 'Finalize', 'Register'])('is called again: %s', async (state) => {
    let isCut = true;
    let before = 0;
    for (; isCut; before++) {
      let calls = 0;
      const world = open({ mishap: (called) => (called === state && calls++ === 0 ? killed(before) : undefined) });
      const build = world.build('first');
      await world.run();
      isCut = calls > 1;
      expect(build).toMatchObject({ status: 'SUCCEEDED' });
      expect(world.serves).toBe('first');
      expect(world.sageMaker.packages.size).toBe(1);
      checkBuilds(world);
    }
    expect(before).toBeGreaterThan(1);
  });

  test.each(['Plan', 'CompressItem', 'Finalize'])('at every try leaves nothing behind: %s', async (state) => {
    let isCut = true;
    for (let before = 0; isCut; before++) {
      const world = open({
        mishap: (called, execution) => (called === state && execution === 'first' ? killed(before) : undefined),
      });
      const build = world.build('first');
      await world.run();
      isCut = build.status === 'FAILED';
      if (isCut) expect(build.path!.slice(-2)).toEqual(['Abort', 'BuildFailed']);
      checkBuilds(world);
      await buildAgain(world);
    }
  });

  test('while it gives a build up leaves the rest to what comes by later', async () => {
    for (let before = 0; before < 4; before++) {
      const world = open({
        fault: (state, _, execution) => (state === 'Finalize' && execution === 'first' ? fault('Conflict') : undefined),
        mishap: (state) => (state === 'Abort' ? killed(before) : undefined),
      });
      const build = world.build('first');
      await world.run();
      expect(build).toMatchObject({ status: 'FAILED', error: 'Conflict' });
      await removeLeftBehind(world);
      await buildAgain(world);
    }
  });
});

test('a Finalize that goes on while its build is given up never leaves a manifest without its files', async () => {
  const ends = new Set<number>();
  const giveUp = async (choose: Choose): Promise<void> => {
    let calls = 0;
    const world = open({
      points: 'calls',
      mishap: (state) =>
        state === 'Finalize' && calls++ === 0 ? { error: fault('InvalidEvent'), goesOn: true } : undefined,
    });
    const build = world.build('first');
    await world.run(choose);
    expect(build).toMatchObject({ status: 'FAILED' });
    checkArtifacts(world);
    await removeLeftBehind(world);
    ends.add(world.s3.keys('models/compressed/').length);
  };
  expect(await explore(2, giveUp)).toBeGreaterThan(40);
  for (let seed = 1; seed <= 40; seed++) await giveUp(atRandom(seed));
  // Either it was faster, and the artifact is whole, or nothing stays of it.
  expect([...ends].sort()).toEqual([0, 3]);
});

test('what comes by for a build that goes on leaves it alone', async () => {
  await explore(2, async (choose) => {
    const world = open();
    const build = world.build('first');
    world.start('left-behind', 'early', { execution: build.arn });
    await world.run(choose);
    expect(build).toMatchObject({ status: 'SUCCEEDED' });
    expect(world.serves).toBe('first');
    checkBuilds(world);
  });
});
