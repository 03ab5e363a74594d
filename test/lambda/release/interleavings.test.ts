import { checkReleases } from '../../support/model/check-releases';
import { makeStage } from '../../support/model/stage';
import { atRandom, Choose, explore } from '../../support/model/threads';
import { Started, World, WorldOptions } from '../../support/model/world';

let serving: World;
beforeAll(async () => {
  await World.open();
  serving = new World(makeStage());
  serving.start('release', 'first', serving.finished('good'));
  await serving.run();
  expect(serving.serves).toBe('good');
});

const last = ({ path = [] }: Started): string | undefined => path.at(-1);

interface Scenario {
  /** The later ones are newer. */
  readonly builds: readonly string[];
  /** Which build serves in the end. */
  readonly serves: string;
  /** How the executions may end. */
  readonly ends: readonly (readonly string[])[];
}

const TWO: Scenario = {
  builds: ['older', 'newer'],
  serves: 'newer',
  ends: [
    ['Released', 'Released'],
    ['Superseded', 'Released'],
  ],
};
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'an older and a newer build': TWO,
  'a build and a newer one that does not start': {
    builds: ['older', 'crash'],
    serves: 'older',
    ends: [['Released', 'ReleaseFailed']],
  },
  'a build and a newer one that answers wrongly': {
    builds: ['older', 'wrong'],
    serves: 'older',
    ends: [['Released', 'ReleaseFailed']],
  },
};

async function release({ builds, serves, ends }: Scenario, options: WorldOptions, choose: Choose): Promise<void> {
  const world = serving.copy(options);
  const executions = builds.map((build) => world.start('release', `release-${build}`, world.finished(build)));
  await world.run(choose);
  expect(ends).toContainEqual(executions.map(last));
  expect(world.serves).toBe(serves);
  checkReleases(world);
}

describe.each(Object.entries(SCENARIOS))('%s', (_, scenario) => {
  test('in every order of their states with at most three changes from one to the other', async () => {
    expect(await explore(3, (choose) => release(scenario, {}, choose))).toBeGreaterThan(50);
  });

  test('in every order of the calls by which they meet with at most one change', async () => {
    expect(await explore(1, (choose) => release(scenario, { points: 'shared' }, choose))).toBeGreaterThan(20);
  });

  test('in orders of those calls by chance', async () => {
    for (let seed = 1; seed <= 20; seed++) await release(scenario, { points: 'shared' }, atRandom(seed));
  });
});

test('three builds in orders by chance', async () => {
  const three = { builds: ['one', 'two', 'three'], serves: 'three' };
  for (let seed = 1; seed <= 15; seed++) {
    const world = serving.copy({ points: 'shared' });
    const executions = three.builds.map((build) => world.start('release', build, world.finished(build)));
    await world.run(atRandom(seed));
    expect(executions.every((execution) => ['Released', 'Superseded'].includes(last(execution)!))).toBe(true);
    expect(world.serves).toBe('three');
    checkReleases(world);
  }
});

test('a release by hand of an older build and a newer build: what had its turn last serves', async () => {
  await explore(3, async (choose) => {
    const world = serving.copy();
    const hand = world.start('release', 'by-hand', { build: 'good' });
    const build = world.start('release', 'build', world.finished('newer'));
    await world.run(choose);
    expect([hand, build].map(last)).toEqual(['Released', 'Released']);
    const ends = world.sageMaker.changes.filter(({ operation }) => operation === 'end').map(({ by }) => by);
    expect(world.serves).toBe(ends.at(-1) === 'by-hand' ? 'good' : 'newer');
    checkReleases(world);
  });
});

describe.each([
  ['older', 'newer', 'Superseded'],
  ['newer', 'older', 'Released'],
])('a release of the %s build, while the %s one waits', (first, second, end) => {
  async function afterwards(world: World, lost: Started, other: Started): Promise<void> {
    expect(last(other)).toMatch(/^(Released|Superseded)$/);
    const again = world.start('release', 'again', lost.input);
    await world.run();
    // One that was stopped after it had settled is the newest; doing it again changes nothing.
    expect([end, 'Released']).toContain(last(again));
    expect(world.serves).toBe('newer');
    checkReleases(world);
  }

  function begin(options: WorldOptions): { world: World; lost: Started; other: Started } {
    const world = serving.copy(options);
    const inputs = { older: world.finished('older'), newer: world.finished('newer') };
    const lost = world.start('release', 'lost', inputs[first as 'older']);
    return { world, lost, other: world.start('release', 'other', inputs[second as 'newer']) };
  }

  test('that is stopped before any call, while its function goes on, loses nothing', async () => {
    const count = await explore(1, async (choose) => {
      const { world, lost, other } = begin({ points: 'shared' });
      world.threads.start('stop', async () => {
        await world.threads.point();
        world.stop(lost);
      });
      await world.run(choose);
      await afterwards(world, lost, other);
    });
    expect(count).toBeGreaterThan(25);
  });

  test('that is cut off before any change loses nothing', async () => {
    let isCut = true;
    let step = 0;
    for (; isCut; step++) {
      const { world, lost, other } = begin({ points: 'changes' });
      isCut = false;
      await world.run(undefined, (thread) => {
        if (thread !== lost.thread || thread.steps !== step + 1 || thread.isDone) return;
        isCut = true;
        world.cut(lost);
      });
      await afterwards(world, lost, other);
    }
    expect(step).toBeGreaterThan(12);
  });
});
