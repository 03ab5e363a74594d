import { checkReleases } from '../../support/model/check-releases';
import { ENDPOINT, makeStage } from '../../support/model/stage';
import { explore } from '../../support/model/threads';
import { World } from '../../support/model/world';

let serving: World;
let log: jest.SpyInstance;
beforeAll(async () => {
  log = jest.spyOn(console, 'log').mockImplementation();
  await World.open();
  serving = new World(makeStage());
  serving.start('release', 'first', serving.finished('good'));
  await serving.run();
});

/** A finished build in the registry, which a person has decided on. */
function register(world: World, build: string, ModelApprovalStatus = 'Approved'): string {
  const { artifact } = world.finished(build);
  const { ModelPackageArn } = world.sageMaker.send('CreateModelPackage', {
    ModelPackageGroupName: ENDPOINT,
    ModelApprovalStatus,
    ClientToken: build,
    InferenceSpecification: { Containers: [{ ModelDataSource: { S3DataSource: { S3Uri: artifact } } }] },
    CustomerMetadataProperties: { build },
  }) as { ModelPackageArn: string };
  return ModelPackageArn;
}

test('an approval that is told twice at once starts one release', async () => {
  await explore(2, async (choose) => {
    const world = serving.copy({ points: 'calls' });
    const approved = register(world, 'next');
    world.tellOf(approved, 'once');
    world.tellOf(approved, 'twice');
    await world.run(choose);
    expect(world.of('release').filter(({ name }) => name.startsWith('package-'))).toHaveLength(1);
    expect(world.serves).toBe('next');
    checkReleases(world);
  });
});

test('approvals of an older and a newer build end with the newer one, in whatever order they come', async () => {
  await explore(2, async (choose) => {
    const world = serving.copy();
    const [older, newer] = ['older', 'newer'].map((build) => register(world, build));
    world.tellOf(newer, 'newer');
    world.tellOf(older, 'older');
    await world.run(choose);
    expect(world.serves).toBe('newer');
    checkReleases(world);
  });
});

test('an approval that was taken back before it is told of releases nothing', async () => {
  const world = serving.copy();
  const rejected = register(world, 'next');
  world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: rejected, ModelApprovalStatus: 'Rejected' });
  world.tellOf(rejected, 'late');
  await world.run();
  expect(world.of('release')).toHaveLength(1);
  expect(world.serves).toBe('good');
});

test('an approved package that is deleted is released only if the approval was heard of before', async () => {
  const ends = new Set<string>();
  await explore(1, async (choose) => {
    log.mockClear();
    const world = serving.copy({ points: 'calls' });
    const deleted = register(world, 'next');
    world.tellOf(deleted, 'once');
    world.tellOf(deleted, 'twice');
    world.threads.start('person', async () => {
      await world.threads.point();
      world.sageMaker.send('DeleteModelPackage', { ModelPackageName: deleted });
    });
    await world.run(choose);
    const told = log.mock.calls.filter(([line]) => line === `${deleted} was deleted meanwhile; nothing is released`);
    expect(world.of('release')).toHaveLength(told.length === 2 ? 1 : 2);
    expect(world.serves).toBe(told.length === 2 ? 'good' : 'next');
    checkReleases(world);
    ends.add(`${told.length} came too late`);
  });
  expect([...ends].sort()).toEqual(['0 came too late', '1 came too late', '2 came too late']);
});
