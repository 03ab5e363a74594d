import { CompressionRecipe } from '../../../lib';
import { pipelineProps } from '../../lib/support/pipelines';
import { checkReleases } from '../../support/model/check-releases';
import { makeStage, Stage } from '../../support/model/stage';
import { atRandom, Choose, explore, goingFirst } from '../../support/model/threads';
import { Started, World } from '../../support/model/world';

/** What a deployment changes. */
type Change = 'none' | 'a larger endpoint' | 'another recipe';

let stages: Readonly<Record<Change, Stage>>;
let serving: World;
/** The build that serves. */
let first: string;
beforeAll(async () => {
  jest.spyOn(console, 'log').mockImplementation();
  jest.spyOn(console, 'warn').mockImplementation();
  await World.open();
  stages = {
    none: makeStage(),
    'a larger endpoint': makeStage({ endpoint: { ...pipelineProps().endpoint, instanceCount: 2 } }),
    'another recipe': makeStage({ compression: { recipe: CompressionRecipe.fp16() } }),
  };
  serving = new World(stages.none);
  serving.start('build', 'first', {});
  await serving.run();
  first = serving.serves!;
});

async function deployed(from: World, change: Change): Promise<[World, Started]> {
  const world = from.copy({}, stages[change]);
  const build = world.start('build', `deploy-${from.of('build').length}`, { ifChanged: true });
  await world.run();
  checkReleases(world);
  return [world, build];
}

describe('a deployment of a larger endpoint while a newer model is on its way', () => {
  const instances = (world: World): number | undefined =>
    world.sageMaker.configs.get(world.ledger!.good!)!.ProductionVariants![0].InitialInstanceCount;

  test('keeps the newer model, and gives it the larger endpoint', async () => {
    const ends = new Set<string>();
    const deployBeside = async (choose: Choose): Promise<void> => {
      const world = serving.copy({}, stages['a larger endpoint']);
      const newer = world.build('newer');
      const build = world.start('build', 'deploy-1', { ifChanged: true });
      await world.run(choose);
      checkReleases(world);
      expect([newer.status, build.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      expect(world.serves).toBe('newer');
      expect(instances(world)).toBe(2);
      for (const { path } of world.of('release')) ends.add(path!.at(-1)!);
    };
    expect(await explore(1, deployBeside)).toBeGreaterThan(15);
    for (let seed = 1; seed <= 25; seed++) await deployBeside(atRandom(seed));
    // Where the newer model came between the decision and the turn.
    expect([...ends]).toEqual(['Released', 'Superseded']);
  });

  test('leaves a model that a person put back, though it is older', async () => {
    const world = serving.copy({}, stages['none']);
    const newer = world.start('build', 'newer', {});
    await world.run();
    expect(world.serves).toBe(world.buildOf(newer)!.name);
    world.start('release', 'by-hand', { build: first });
    await world.run();
    expect(world.serves).toBe(first);
    const [larger] = await deployed(world, 'a larger endpoint');
    expect(larger.serves).toBe(first);
    expect(instances(larger)).toBe(2);
  });

  test('decides once a release that is under way has ended', async () => {
    const world = serving.copy({}, stages['a larger endpoint']);
    const newer = world.start('build', 'newer', {});
    let build: Started | undefined;
    await world.run(
      goingFirst(() => build?.thread),
      () => {
        const [, release] = world.of('release');
        if (build === undefined && (release?.thread.steps ?? 0) > 1) {
          expect(release.status).toBe('RUNNING');
          build = world.start('build', 'deploy-1', { ifChanged: true });
        }
      },
    );
    expect(build!.path).toContain('UnderWay');
    const { name } = world.buildOf(newer)!;
    expect(build!.output).toMatchObject({ decision: { artifact: expect.stringContaining(`/${name}/`) as string } });
  });
});

describe('a deployment of another recipe while a newer model is on its way', () => {
  /** The raw model that what serves was made from, and how. */
  const origin = (world: World): object => {
    const manifest = world.s3.text(`models/compressed/digits/${world.serves!}/manifest.json`)!;
    const { source, recipe } = JSON.parse(manifest) as { source: { root: string }; recipe: { method: string } };
    return { source: source.root, recipe: recipe.method };
  };

  test('compresses that model anew, once it serves, whenever the deployment comes', async () => {
    let isOver = false;
    let steps = 0;
    for (; !isOver; steps++) {
      const world = serving.copy();
      const source = world.upload('uploads/digits/newer/');
      const upload = world.start('build', 'model-newer', { source });
      let build: Started | undefined;
      await world.run(
        goingFirst(() => build?.thread),
        () => {
          if (build !== undefined || upload.thread.steps < steps) return;
          world.redeploy(stages['another recipe']);
          build = world.start('build', 'deploy-1', { ifChanged: true });
        },
      );
      isOver = build === undefined;
      if (build === undefined) continue;
      checkReleases(world);
      expect(build.status).toBe('SUCCEEDED');
      expect(origin(world)).toEqual({ source, recipe: 'fp16' });
      expect(build.path).toContain('UnderWay');
    }
    // Those of the build: from Prepare to StartRelease.
    expect(steps).toBeGreaterThan(6);
  });

  test('leaves its place to a training that was begun before, and ends after it', async () => {
    await explore(1, async (choose) => {
      const world = serving.copy({}, stages['another recipe']);
      const training = world.start('build', 'schedule', {});
      const build = world.start('build', 'deploy-1', { ifChanged: true });
      await world.run(choose);
      checkReleases(world);
      expect([training.status, build.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      expect(world.serves).toBe(world.buildOf(training)!.name);
      expect(origin(world)).toMatchObject({ recipe: 'fp16' });
    });
  });

  test('takes the place of an older model that a person put back', async () => {
    const world = serving.copy({}, stages['none']);
    world.start('build', 'newer', {});
    await world.run();
    world.start('release', 'by-hand', { build: first });
    await world.run();
    expect(world.serves).toBe(first);
    const [after, build] = await deployed(world, 'another recipe');
    expect(after.serves).toBe(after.buildOf(build)!.name);
    expect(origin(after)).toMatchObject({ source: expect.stringContaining('/first/') as string, recipe: 'fp16' });
  });
});
