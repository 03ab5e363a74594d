import { pipelineProps } from '../../lib/support/pipelines';
import { checkReleases } from '../../support/model/check-releases';
import { makeStage } from '../../support/model/stage';
import { atRandom, Choose, explore } from '../../support/model/threads';
import { Started, World, WorldOptions } from '../../support/model/world';

let serving: World;
beforeAll(async () => {
  await World.open();
  const { endpoint } = pipelineProps();
  serving = new World(makeStage({ endpoint: { ...endpoint, shadowTest: { samplingPercentage: 100 } } }));
  serving.start('release', 'first', serving.finished('good'));
  await serving.run();
  expect(serving.serves).toBe('good');
});

const last = ({ path = [] }: Started): string | undefined => path.at(-1);

/** What must be true besides when nothing of any shadow is left. */
function checkAlone(world: World): void {
  checkReleases(world);
  for (const config of world.sageMaker.configs.values()) expect(config.ShadowProductionVariants).toBeUndefined();
}

const NEWER: [string, string, string[][]][] = [
  [
    'newer',
    'newer',
    [
      ['Released', 'Released'],
      ['Superseded', 'Released'],
    ],
  ],
  ['failing', 'older', [['Released', 'ReleaseFailed']]],
  ['crash', 'older', [['Released', 'ReleaseFailed']]],
];

describe.each(NEWER)('a build and a newer one, %s', (newer, serves, ends) => {
  async function release(options: WorldOptions, choose: Choose): Promise<void> {
    const world = serving.copy(options);
    const executions = ['older', newer].map((build) => world.start('release', build, world.finished(build)));
    await world.run(choose);
    expect(ends).toContainEqual(executions.map(last));
    expect(world.serves).toBe(serves);
    checkAlone(world);
  }

  test('in every order of their states with at most two changes from one to the other', async () => {
    expect(await explore(2, (choose) => release({}, choose))).toBeGreaterThan(20);
  });

  test('in every order of the calls by which they meet with at most one change', async () => {
    expect(await explore(1, (choose) => release({ points: 'shared' }, choose))).toBeGreaterThan(20);
  });

  test('in orders of those calls by chance', async () => {
    for (let seed = 1; seed <= 10; seed++) await release({ points: 'shared' }, atRandom(seed));
  });
});

test.each([
  ['older', 'Released'],
  ['failing', 'ReleaseFailed'],
])(
  'a release of a build, %s, that is cut off before any change loses nothing and leaves nothing',
  async (build, end) => {
    let isCut = true;
    let step = 0;
    for (; isCut; step++) {
      const world = serving.copy({ points: 'changes' });
      const input = world.finished(build);
      const lost = world.start('release', 'lost', input);
      isCut = false;
      await world.run(undefined, (thread) => {
        if (thread !== lost.thread || thread.steps !== step + 1 || thread.isDone) return;
        isCut = true;
        world.cut(lost);
      });
      const again = world.start('release', 'again', input);
      await world.run();
      expect(last(again)).toBe(end);
      expect(world.serves).toBe(end === 'Released' ? build : 'good');
      checkAlone(world);
    }
    expect(step).toBeGreaterThan(15);
  },
);

test('a release whose function goes on after it was stopped does not meet the next one', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = serving.copy({ points: 'shared' });
    const lost = world.start('release', 'lost', world.finished('failing'));
    const other = world.start('release', 'other', world.finished('newer'));
    world.threads.start('stop', async () => {
      await world.threads.point();
      world.stop(lost);
    });
    await world.run(atRandom(seed));
    expect(last(other)).toBe('Released');
    expect(world.serves).toBe('newer');
    checkAlone(world);
  }
});
