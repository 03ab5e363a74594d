import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { refusePackage } from '../../../lambda/registry/refuse-package';
import { CompressionRecipe, EvaluationOptions, ModelPipelineProps, ReleaseApproval } from '../../../lib';
import { evaluationOptions, pipelineProps } from '../../lib/support/pipelines';
import { checkReleases } from '../../support/model/check-releases';
import { ENDPOINT, makeStage, Stage } from '../../support/model/stage';
import { explore } from '../../support/model/threads';
import { Started, World, WorldOptions } from '../../support/model/world';

const metrics = { raw: { accuracy: 0.97, loss: 0.1 }, compressed: { accuracy: 0.96, loss: 0.12 } };
const evaluation = { ...evaluationOptions(), limits: [{ metric: 'accuracy', maxDrop: 0.02 }] };
const measured = (changes: Partial<EvaluationOptions>): Partial<ModelPipelineProps> => ({
  evaluation: { ...evaluation, ...changes },
});

/** What a deployment changes, besides what the first one had. */
const CHANGES = {
  none: { evaluation },
  'an error that is kept': { evaluation, limits: { maxRelativeError: 0.5 } },
  'a ratio that is not kept': { evaluation, limits: { minCompressionRatio: 100 } },
  'a drop that is kept': measured({ limits: [{ metric: 'accuracy', maxDrop: 0.015 }] }),
  'a drop that is not kept': measured({ limits: [{ metric: 'accuracy', maxDrop: 0.005 }] }),
  'a metric that had no limit': measured({ limits: [{ metric: 'loss', max: 0.2 }] }),
  'an evaluation of another kind': measured({ entryPoint: 'evaluate.py', environment: { STRICT: '1' } }),
  'nothing to measure': { limits: { maxRelativeError: 0.5 } },
  'a larger endpoint': { evaluation, endpoint: { ...pipelineProps().endpoint, instanceCount: 2 } },
  'another recipe': { evaluation, compression: { recipe: CompressionRecipe.fp16() } },
  'another recipe, and a ratio that is not kept': {
    evaluation,
    compression: { recipe: CompressionRecipe.fp16() },
    limits: { minCompressionRatio: 100 },
  },
  'another recipe, and a drop that is not kept': {
    ...measured({ limits: [{ metric: 'accuracy', maxDrop: 0.005 }] }),
    compression: { recipe: CompressionRecipe.fp16() },
  },
} satisfies Record<string, Partial<ModelPipelineProps>>;
type Change = keyof typeof CHANGES;

const stages = new Map<string, Stage>();
function stage(change: Change, approval = ReleaseApproval.AUTOMATIC): Stage {
  const key = `${change} ${approval}`;
  const known = stages.get(key) ?? makeStage({ ...CHANGES[change], approval });
  stages.set(key, known);
  return known;
}

let serving: World;
/** The build that serves. */
let first: string;
beforeAll(async () => {
  jest.spyOn(console, 'log').mockImplementation();
  await World.open();
  serving = new World(stage('none'), { metrics });
  const training = serving.start('build', 'first', {});
  await serving.run();
  first = serving.serves!;
  expect(first).toBe(serving.buildOf(training)!.name);
});

/** The world after a deployment that changed this, and the build that it has started. */
function deploy(from: World, change: Change, options: WorldOptions = {}, approval?: ReleaseApproval): [World, Started] {
  const world = from.copy({ metrics, ...options }, stage(change, approval));
  return [world, world.start('build', `deploy-${from.of('build').length}`, { ifChanged: true })];
}

async function deployed(from: World, change: Change, options?: WorldOptions): Promise<[World, Started]> {
  const [world, build] = deploy(from, change, options);
  await world.run();
  checkReleases(world);
  return [world, build];
}

type Package = World['sageMaker']['packages'] extends Map<string, infer T> ? T : never;
const registered = (world: World, version = 1): Package =>
  world.sageMaker.packages.get(`arn:aws:sagemaker:us-east-1:111122223333:model-package/${ENDPOINT}/${version}`)!;
const notes = (world: World, version = 1): Record<string, string> => registered(world, version).notes;
const did = ({ inputs = {} }: Started): string[] => Object.keys(inputs).filter((state) => state !== 'Prepare');
/** Every change of the endpoint. */
const moved = (world: World): object[] => world.sageMaker.changes.filter(({ operation }) => operation !== 'end');

const RELEASED = ['Decide', 'StartRelease'];
const KEPT = ['Decide', 'CompressionGate', 'EvaluationGate', 'Register', 'StartRelease'];
const MEASURED = ['Decide', 'CompressionGate', 'Evaluate', 'EvaluationGate', 'Register', 'StartRelease'];

describe('a deployment of moved limits judges the model that serves', () => {
  test.each([
    ['an error that is kept', KEPT],
    ['a drop that is kept', KEPT],
    ['a metric that had no limit', KEPT],
    ['an evaluation of another kind', MEASURED],
    ['nothing to measure', KEPT.filter((state) => state !== 'EvaluationGate')],
  ] as const)('%s: it passes, once, and nothing is released anew', async (change, states) => {
    const [world, build] = await deployed(serving, change);
    expect(build).toMatchObject({ status: 'SUCCEEDED', output: { decision: { action: 'release' } } });
    expect(did(build)).toEqual(states);
    expect(moved(world)).toEqual([]);
    expect(world.sageMaker.packages.size).toBe(1);
    expect(notes(world).gatesDigest).not.toBe(notes(serving).gatesDigest);
    const [again, second] = await deployed(world, change);
    expect(did(second)).toEqual(RELEASED);
    expect(notes(again)).toEqual(notes(world));
  });

  test.each([
    ['a ratio that is not kept', 'compression ratio: 2.4', 'at least 100 is allowed', ['Decide', 'CompressionGate']],
    ['a drop that is not kept', 'dropped by 0.01 from 0.97 to 0.96', 'at most 0.005', KEPT.slice(0, 3)],
  ] as const)('%s: the build ends with the numbers, and the endpoint stays', async (change, number, limit, states) => {
    const [world, build] = await deployed(serving, change);
    expect(build).toMatchObject({ status: 'FAILED', error: 'GateFailed' });
    expect(build.cause).toContain(number);
    expect(build.cause).toContain(limit);
    expect(did(build)).toEqual(states);
    expect(moved(world)).toEqual([]);
    expect(world.serves).toBe(first);
    expect(notes(world)).toEqual(notes(serving));
    // It fails again, until the limits, or the model, are others.
    const [again, second] = await deployed(world, change);
    expect(second.error).toBe('GateFailed');
    expect(did((await deployed(again, 'none'))[1])).toEqual(RELEASED);
  });

  test('what is measured anew decides, and is what is noted', async () => {
    const worse = { raw: { accuracy: 0.97 }, compressed: { accuracy: 0.9 } };
    const [, failed] = await deployed(serving, 'an evaluation of another kind', { metrics: worse });
    expect(failed.error).toBe('GateFailed');
    expect(failed.inputs!.Evaluate[0].ProcessingInputs).toMatchObject([
      { S3Input: { S3Uri: expect.stringMatching(/\/raw\/digits\/first\/.*\/output\/model\/$/) as string } },
      { S3Input: { S3Uri: serving.sageMaker.served(ENDPOINT) } },
      { InputName: 'code' },
    ]);
    const better = { raw: { accuracy: 0.97 }, compressed: { accuracy: 0.965 } };
    const [world] = await deployed(serving, 'an evaluation of another kind', { metrics: better });
    expect(notes(world)).toMatchObject({
      build: first,
      'compressed.accuracy': '0.965',
      evaluation: 's3://models/evaluation/digits/deploy-2/',
    });
  });

  test('metrics that were kept nowhere are measured anew', async () => {
    const world = serving.copy();
    for (const key of world.s3.keys('models/evaluation/')) world.s3.objects.delete(key);
    expect(did((await deployed(world, 'a drop that is kept'))[1])).toEqual(MEASURED);
  });

  test('together with a larger endpoint, it is judged first and then released as that', async () => {
    const [larger, build] = await deployed(serving, 'a larger endpoint');
    expect(did(build)).toEqual(RELEASED);
    expect(moved(larger)).toHaveLength(1);
    const unknown = serving.copy();
    delete notes(unknown).gatesDigest;
    const [world, judged] = await deployed(unknown, 'a larger endpoint');
    expect(did(judged)).toEqual(KEPT);
    expect(moved(world)).toHaveLength(1);
    expect(notes(world).gatesDigest).toBe(notes(serving).gatesDigest);
  });

  test('one that was never registered is registered as what it is when it passes', async () => {
    const world = serving.copy();
    world.sageMaker.packages.clear();
    const [after, build] = await deployed(world, 'none');
    expect(did(build)).toEqual(MEASURED);
    expect(moved(after)).toEqual([]);
    expect(notes(after)).toMatchObject({ build: first, gatesDigest: notes(serving).gatesDigest });
  });

  test('whatever else is released in between keeps its place', async () => {
    const count = await explore(1, async (choose) => {
      const [world, build] = deploy(serving, 'an evaluation of another kind');
      const newer = world.start('build', 'newer', {});
      await world.run(choose);
      checkReleases(world);
      expect(world.serves).toBe(world.buildOf(newer)!.name);
      expect(build.status).toBe('SUCCEEDED');
      if (build.path!.includes('NothingToDo'))
        expect(build.output).toMatchObject({ decision: { reason: expect.stringContaining(world.serves!) as string } });
    });
    expect(count).toBeGreaterThan(5);
  });
});

describe('while an approval is pending', () => {
  const { MANUAL } = ReleaseApproval;
  let pending: World;
  beforeAll(async () => {
    pending = serving.copy({ metrics }, stage('another recipe', MANUAL));
    pending.start('build', 'deploy-1', { ifChanged: true });
    await pending.run();
    expect(pending.sageMaker.packages.size).toBe(2);
    expect(pending.serves).toBe(first);
  });
  const arn = (): string => [...pending.sageMaker.packages.keys()][1];
  /** The build of another version, where a run found none that waits; else the run itself. */
  const failedOf = (world: World, run: Started): Started => world.buildOf(run) ?? run;

  test('another run finds what waits and says so, instead of registering it again', async () => {
    const [world, build] = deploy(pending, 'another recipe', {}, MANUAL);
    await world.run();
    expect(did(build)).toEqual(['Decide', 'CompressionGate', 'EvaluationGate', 'Register']);
    expect(build.path!.at(-1)).toBe('WaitingForApproval');
    expect(build.output).toMatchObject({
      registered: { modelPackageArn: arn(), approval: MANUAL },
      decision: { reason: 'it waits for approval, and was judged by these gates already' },
    });
    expect(world.sageMaker.packages).toEqual(pending.sageMaker.packages);
    expect(world.serves).toBe(first);
  });

  test('so does one where nothing serves yet', async () => {
    const first = new World(stage('none', MANUAL), { metrics });
    first.start('build', 'first', {});
    await first.run();
    const [world, build] = deploy(first, 'none', {}, MANUAL);
    await world.run();
    expect(build.path!.at(-1)).toBe('WaitingForApproval');
    expect(world.sageMaker.packages.size).toBe(1);
  });

  test('one that was refused is not what waits: another is made', async () => {
    const world = pending.copy();
    world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: arn(), ModelApprovalStatus: 'Rejected' });
    const [after, build] = deploy(world, 'another recipe', {}, MANUAL);
    await after.run();
    const another = after.buildOf(build)!;
    expect(another).toMatchObject({ name: `${pending.of('build').at(-1)!.name}-2`, status: 'SUCCEEDED' });
    expect(after.sageMaker.packages.size).toBe(3);
  });

  describe.each([
    ['another recipe, and a ratio that is not kept', 'compression ratio: ', 'at least 100 is allowed'],
    ['another recipe, and a drop that is not kept', 'accuracy dropped by 0.01 from 0.97 to 0.96', 'at most 0.005'],
  ] as const)('one that does not keep moved limits (%s)', (change, number, limit) => {
    test('is refused with the numbers, by the gate that it fails', async () => {
      const [world, build] = deploy(pending, change, {}, MANUAL);
      await world.run();
      expect(build).toMatchObject({ status: 'FAILED', error: 'GateFailed' });
      const { approval, because } = registered(world, 2);
      expect(approval).toBe('Rejected');
      expect(because).toContain(number);
      expect(because).toContain(limit);
      expect(because).toBe(build.cause!.replaceAll('\n', ' '));
      expect(world.serves).toBe(first);
      expect(registered(world, 1)).toEqual(registered(pending, 1));
    });

    test.each(['Approved', 'Rejected'] as const)('keeps what a person decided before: %s', async (decision) => {
      const ends = new Set<string>();
      await explore(1, async (choose) => {
        const [world, build] = deploy(pending, change, { points: 'calls' }, MANUAL);
        const send = jest.spyOn(world.sageMaker, 'send');
        const looks = (): number =>
          send.mock.calls.filter(([name]) => /^(List|Describe)ModelPackage/.test(name)).length;
        let before: number | undefined;
        world.threads.start('person', async () => {
          await world.threads.point();
          if (registered(world, 2).approval !== 'PendingManualApproval') return;
          before = looks();
          const decided = { ModelApprovalStatus: decision, ApprovalDescription: 'a person' };
          world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: arn(), ...decided });
          // Its event is lost, so that nothing but the gate answers it, and no decision waits for it.
          world.sageMaker.packages.get(arn())!.modified -= 61 * 60 * 1000;
        });
        await world.run(choose);
        expect(failedOf(world, build)).toMatchObject({ status: 'FAILED', error: 'GateFailed' });
        const isKept = before !== undefined && before < looks();
        const { approval, because } = registered(world, 2);
        expect(approval).toBe(isKept ? decision : 'Rejected');
        expect(because === 'a person').toBe(isKept);
        ends.add(before === undefined ? 'too late' : isKept ? 'kept' : 'after the last look');
      });
      expect([...ends].sort()).toEqual(['after the last look', 'kept', 'too late']);
    });
  });

  test('a reason of any length and with any characters becomes one that SageMaker takes', async () => {
    const world = pending.copy();
    const { artifact } = notes(world, 2);
    await refusePackage(new SageMakerClient({}), ENDPOINT, artifact, `a\u0000b\nc ${'😀'.repeat(2000)}`);
    const { approval, because } = registered(world, 2);
    expect(approval).toBe('Rejected');
    expect(because).toMatch(/^a_b c 😀+…$/u);
    expect([...because!]).toHaveLength(1024);
  });

  test('one that is deleted while it is refused fails with the numbers all the same', async () => {
    await explore(1, async (choose) => {
      const change = 'another recipe, and a ratio that is not kept';
      const [world, build] = deploy(pending, change, { points: 'calls' }, MANUAL);
      world.threads.start('person', async () => {
        await world.threads.point();
        world.sageMaker.send('DeleteModelPackage', { ModelPackageName: arn() });
      });
      await world.run(choose);
      expect(failedOf(world, build)).toMatchObject({ status: 'FAILED', error: 'GateFailed' });
    });
  });

  test('an approval at any time during such a run releases the one version there is', async () => {
    await explore(1, async (choose) => {
      const [world, build] = deploy(pending, 'another recipe', { points: 'calls' }, MANUAL);
      world.threads.start('person', async () => {
        await world.threads.point();
        world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: arn(), ModelApprovalStatus: 'Approved' });
        world.tellOf(arn(), 'event');
      });
      await world.run(choose);
      checkReleases(world);
      expect(build.status).toBe('SUCCEEDED');
      expect(world.sageMaker.packages.size).toBe(2);
      expect(world.sageMaker.served(ENDPOINT)).toBe(notes(world, 2).artifact);
    });
  });

  test('an approval whose event is lost does not hold up deployments for ever', async () => {
    const world = pending.copy();
    world.sageMaker.send('UpdateModelPackage', { ModelPackageArn: arn(), ModelApprovalStatus: 'Approved' });
    world.sageMaker.packages.get(arn())!.modified -= 61 * 60 * 1000;
    const [after, build] = deploy(world, 'another recipe', {}, MANUAL);
    await after.run();
    expect(after.buildOf(build)).toMatchObject({
      status: 'SUCCEEDED',
      path: expect.arrayContaining(['Plan']) as object,
    });
    expect(after.sageMaker.packages.size).toBe(3);
  });
});
