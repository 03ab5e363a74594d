import { checkArtifacts, checkBuilds } from '../../support/model/check-builds';
import { makeCompressorStage, Stage } from '../../support/model/stage';
import { explore } from '../../support/model/threads';
import { Started, World, WorldOptions } from '../../support/model/world';

let stage: Stage;
beforeAll(async () => {
  await World.open();
  stage = makeCompressorStage();
});

function open(options: WorldOptions = {}): [World, string] {
  const world = new World(stage, options);
  return [world, world.upload('raw/digits/float/')];
}

const artifacts = ({ s3 }: World): string[] =>
  s3.keys('models/compressed/').filter((key) => key.endsWith('/manifest.json'));

describe.each([
  ['named after its execution', {}, 'first'],
  ['that its execution is told', { build: 'told' }, 'told'],
])('a compressor alone, with a build %s', (_, told, build) => {
  const ends: Readonly<Record<string, (world: World, execution: Started) => void>> = {
    'cut off': (world, execution) => world.cut(execution),
    'stopped while its function goes on': (world, execution) => world.stop(execution),
  };

  test.each(Object.entries(ends))('leaves nothing behind that is %s before any state or change', async (__, end) => {
    let isCut = true;
    let step = 0;
    for (; isCut; step++) {
      const [world, source] = open({ points: 'changes' });
      const execution = world.start('build', 'first', { source, ...told });
      isCut = false;
      await world.run(undefined, (thread) => {
        if (thread !== execution.thread || thread.steps !== step + 1) return;
        if (thread.isDone || execution.status !== 'RUNNING') return;
        isCut = true;
        end(world, execution);
      });
      world.removeLeftBehind();
      await world.run();
      checkBuilds(world);
      if (!isCut) expect(artifacts(world)).toEqual([`models/compressed/digits/${build}/manifest.json`]);
    }
    // Five states, and each of the three that write changes several things.
    expect(step).toBeGreaterThan(8);
  });
});

test('what comes by for a build that is made again by another execution leaves that one alone', async () => {
  const removals = new Set<number>();
  await explore(2, async (choose) => {
    const [world, source] = open();
    const input = { source, build: 'told' };
    const first = world.start('build', 'first', input);
    await world.run(undefined, ({ steps }) => {
      if (steps === 2 && first.status === 'RUNNING') world.cut(first);
    });
    expect(first.status).toBe('ABORTED');
    removals.add(world.s3.uploads.size);
    world.removeLeftBehind();
    const again = world.start('build', 'again', input);
    await world.run(choose);
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: { build: 'told' } });
    expect(artifacts(world)).toEqual(['models/compressed/digits/told/manifest.json']);
    checkArtifacts(world);
    checkBuilds(world);
  });
  // There was something to remove.
  expect(Math.min(...removals)).toBeGreaterThan(0);
});

test('what comes by for a build leaves others of the machine alone, as it does what they finished', async () => {
  const [world, source] = open();
  const first = world.start('build', 'first', { source, build: 'told' });
  await world.run(undefined, ({ steps }) => {
    if (steps === 2 && first.status === 'RUNNING') world.cut(first);
  });
  world.start('build', 'second', { source, build: 'other' });
  world.removeLeftBehind();
  await world.run();
  expect(artifacts(world)).toEqual(['models/compressed/digits/other/manifest.json']);
  checkBuilds(world);
});
