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

describe('an approved version that is annotated', () => {
  /** A person approves it, and goes back to the build before by hand. */
  async function goneBack(): Promise<[World, string]> {
    const world = serving.copy();
    const approved = register(world, 'next', 'PendingManualApproval');
    world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: approved, ModelApprovalStatus: 'Approved' });
    world.tellOf(approved, 'approval', ['ModelApprovalStatus', 'ApprovalDescription']);
    await world.run();
    expect(world.serves).toBe('next');
    world.start('release', 'back', { build: 'good' });
    await world.run();
    expect(world.serves).toBe('good');
    return [world, approved];
  }

  test.each([[['ApprovalDescription']], [['CustomerMetadataProperties']], [['ModelLifeCycle', 'sourceUri']]])(
    'is not released again: %s',
    async (changed) => {
      const [world, approved] = await goneBack();
      const releases = world.of('release').length;
      world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: approved, ApprovalDescription: 'was slow' });
      world.tellOf(approved, 'annotation', changed);
      await world.run();
      expect(world.of('release')).toHaveLength(releases);
      expect(world.serves).toBe('good');
      expect(log).toHaveBeenCalledWith(expect.stringContaining(`and not approved: ${changed.join(', ')}`));
    },
  );

  test('is released when it is approved once more', async () => {
    const [world, approved] = await goneBack();
    for (const ModelApprovalStatus of ['Rejected', 'Approved']) {
      world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: approved, ModelApprovalStatus });
      world.tellOf(approved, ModelApprovalStatus, ['ModelApprovalStatus']);
      await world.run();
    }
    expect(world.serves).toBe('next');
  });

  test('is released once, whether its approval is heard of before, after, or on both sides of that', async () => {
    await explore(2, async (choose) => {
      const world = serving.copy({ points: 'calls' });
      const approved = register(world, 'next');
      world.tellOf(approved, 'once', ['ModelApprovalStatus']);
      world.tellOf(approved, 'twice', ['ModelApprovalStatus']);
      world.threads.start('person', async () => {
        await world.threads.point();
        const CustomerMetadataProperties = { ticket: '17' };
        world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: approved, CustomerMetadataProperties });
        world.tellOf(approved, 'annotation', ['CustomerMetadataProperties']);
      });
      await world.run(choose);
      expect(world.of('release').filter(({ name }) => name.startsWith('package-'))).toHaveLength(1);
      expect(world.serves).toBe('next');
      checkReleases(world);
    });
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
