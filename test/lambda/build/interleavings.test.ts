import { evaluationOptions } from '../../lib/support/pipelines';
import { checkBuilds } from '../../support/model/check-builds';
import { checkReleases } from '../../support/model/check-releases';
import { makeStage, Stage } from '../../support/model/stage';
import { atRandom, Choose, explore } from '../../support/model/threads';
import { World, WorldOptions } from '../../support/model/world';

const metrics = { raw: { accuracy: 0.97 }, compressed: { accuracy: 0.97 } };

let stage: Stage;
beforeAll(async () => {
  // Metrics that cannot be published any more.
  jest.spyOn(console, 'warn').mockImplementation();
  await World.open();
  stage = makeStage({ evaluation: evaluationOptions() });
});

/** Two builds from training to release, on a pipeline that has released nothing yet. */
async function buildTwice(options: WorldOptions, choose: Choose): Promise<string> {
  const world = new World(stage, { metrics, ...options });
  const builds = ['older', 'newer'].map((name) => world.start('build', name, {}));
  await world.run(choose);

  expect(builds.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  const models = builds.map((build) => world.buildOf(build)!);
  expect(models.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  checkBuilds(world);
  checkReleases(world);
  expect(world.sageMaker.packages.size).toBe(2);
  const releases = world.of('release');
  expect(releases).toHaveLength(2);
  // That of the execution that was begun later, whichever model was trained first.
  expect(world.serves).toBe(models[1].name);
  return releases.map(({ path }) => path!.at(-1)).join();
}

test('two builds and their releases, in every order of their states with one change from one to another', async () => {
  const ends = new Set<string>();
  const count = await explore(1, async (choose) => void ends.add(await buildTwice({}, choose)));
  expect(count).toBeGreaterThan(20);
  expect([...ends]).toContain('Released,Released');
});

test('two builds and their releases, in orders by chance of the calls by which they meet', async () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 25; seed++) ends.add(await buildTwice({ points: 'shared' }, atRandom(seed)));
  expect([...ends]).toEqual(expect.arrayContaining(['Released,Released', 'Superseded,Released']));
});

test("a build that is cut off before any state or call, beside one that goes on, is in nobody's way", async () => {
  let isCut = true;
  let step = 0;
  for (; isCut; step++) {
    const world = new World(stage, { metrics, points: 'shared' });
    const lost = world.build('lost');
    const other = world.build('other');
    isCut = false;
    await world.run(
      (runnable, last) => runnable.filter((thread) => thread !== last)[0] ?? runnable[0],
      (thread) => {
        if (thread !== lost.thread || thread.steps !== step + 1 || thread.isDone) return;
        isCut = true;
        world.cut(lost);
      },
    );
    expect(other).toMatchObject({ status: 'SUCCEEDED' });
    expect(world.serves).toBe('other');
    world.removeLeftBehind();
    await world.run();
    checkBuilds(world);
    checkReleases(world);
  }
  expect(step).toBeGreaterThan(8);
});
