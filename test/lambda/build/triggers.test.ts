import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Clients } from '../../../cli/pipeline/clients';
import { Pipeline } from '../../../cli/pipeline/find-pipeline';
import { run } from '../../../cli/pipeline/run';
import { Terminal } from '../../../cli/terminal';
import { CompressionRecipe, ReleaseApproval } from '../../../lib';
import { fault } from '../../lib/support/execute';
import { checkBuilds } from '../../support/model/check-builds';
import { checkReleases } from '../../support/model/check-releases';
import { makeStage, Stage } from '../../support/model/stage';
import { atRandom, Choose, explore } from '../../support/model/threads';
import { Started, World, WorldOptions } from '../../support/model/world';

const { AUTOMATIC, MANUAL } = ReleaseApproval;
const NOBODY = { stdout: { write: () => undefined }, stderr: { write: () => undefined } } as unknown as Terminal;
const another = { recipe: CompressionRecipe.fp16() };

const stages = new Map<string, Stage>();
function stage(name: 'trains' | 'other recipe' | 'uploads' | 'uploads, other recipe', approval = AUTOMATIC): Stage {
  const key = `${name} ${approval}`;
  const made =
    stages.get(key) ??
    makeStage({
      approval,
      ...(name.includes('other recipe') ? { compression: another } : {}),
      ...(name.startsWith('uploads') ? { training: undefined } : {}),
    });
  stages.set(key, made);
  return made;
}

beforeAll(async () => {
  // Metrics that cannot be published any more.
  for (const method of ['warn', 'info', 'log'] as const) jest.spyOn(console, method).mockImplementation();
  await World.open();
});

/** What `modelpress run --source` does. */
async function byHand(source: string): Promise<void> {
  const clients = { states: new SFNClient({ region: 'us-east-1' }), s3: new S3Client({ region: 'us-east-1' }) };
  const pipeline = { buildMachine: process.env.STATE_MACHINE_ARN, inputsDigest: process.env.INPUTS_DIGEST };
  const command = { name: 'run', input: { source }, wait: false, json: true } as never;
  await run(clients as unknown as Clients, pipeline as Pipeline, command, NOBODY);
}

/** What S3 tells of a model in `uploads/digits/v1/`. */
const upload = { detail: { object: { key: 'uploads/digits/v1/model.tflite' } } };

/** What CloudFormation asks for. */
const deployment = (RequestId: string): object => ({
  RequestType: 'Update',
  RequestId,
  ResourceProperties: { stateMachineArn: process.env.STATE_MACHINE_ARN, executionName: 'deploy-inputs' },
  OldResourceProperties: { executionName: 'deploy-earlier' },
});

/** A person approves whatever waits; the event comes twice. */
function approve(world: World): void {
  const { packages } = world.sageMaker;
  const pending = (): string | undefined =>
    [...packages].find(([, { approval }]) => approval === 'PendingManualApproval')?.[0];
  world.threads.start('person', async () => {
    await world.until(() => pending() !== undefined);
    const ModelPackageArn = pending()!;
    world.sageMaker.send('UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
    for (const time of ['once', 'twice']) world.tellOf(ModelPackageArn, `approved ${time}`);
  });
}

const models = (world: World): Started[] => world.of('build').filter(({ name }) => name.startsWith('model-'));
const artifacts = (world: World): string[] =>
  world.s3.keys('models/compressed/').filter((key) => key.endsWith('/manifest.json'));

/** One execution, one artifact, one version, which serves. */
function checkOne(world: World, before = 0): void {
  expect(world.of('build').map(({ status }) => status)).toEqual(world.of('build').map(() => 'SUCCEEDED'));
  expect(models(world).map(({ name }) => name)).toHaveLength(before + 1);
  expect(artifacts(world)).toHaveLength(before + 1);
  expect(world.sageMaker.packages.size).toBe(before + 1);
  expect(world.serves).toBe(models(world)[before].name);
  checkBuilds(world);
  checkReleases(world);
}

describe.each([AUTOMATIC, MANUAL])('all that asks for the build of one model, with the approval %s,', (approval) => {
  const time = { scheduledTime: '2026-01-31T03:00:00Z' };

  /** A schedule trains it; deployments, a person and a second telling of each ask for it. */
  async function trained(choose: Choose, points?: WorldOptions['points']): Promise<void> {
    const world = new World(stage('trains', approval), { points });
    const isTrained = (): boolean => [...world.sageMaker.jobs.values()].some(({ status }) => status === 'Completed');
    const raw = 's3://models/raw/digits/schedule-20260131-030000/';
    for (const n of [1, 2]) world.threads.start(`schedule ${n}`, () => world.trigger('run-on-schedule', time));
    for (const request of ['a', 'a', 'b'])
      world.threads.start(`deployment ${request}`, async () => {
        await world.until(isTrained);
        await world.trigger('run-on-deploy', deployment(request));
      });
    for (const n of [1, 2])
      world.threads.start(`hand ${n}`, async () => {
        await world.until(isTrained);
        await byHand(raw);
      });
    if (approval === MANUAL) approve(world);
    await world.run(choose);
    expect(world.sageMaker.jobs.size).toBe(1);
    checkOne(world);
  }

  /** An upload that serves is to be made anew by another recipe; its event comes again, late. */
  async function uploaded(
    serving: World,
    source: string,
    choose: Choose,
    points?: WorldOptions['points'],
  ): Promise<void> {
    const world = serving.copy({ points }, stage('uploads, other recipe', approval));
    for (const n of [1, 2]) {
      world.threads.start(`upload ${n}`, () => world.trigger('run-on-new-model', upload));
      world.threads.start(`deployment ${n}`, () => world.trigger('run-on-deploy', deployment(`${n}`)));
      world.threads.start(`hand ${n}`, () => byHand(source));
    }
    if (approval === MANUAL) approve(world);
    await world.run(choose);
    checkOne(world, 1);
  }

  test('leads to one, in every order with one change from one to another: trained', async () => {
    expect(await explore(1, (choose) => trained(choose))).toBeGreaterThan(20);
  });

  test('leads to one, in orders by chance: trained', async () => {
    for (let seed = 1; seed <= 20; seed++) await trained(atRandom(seed), 'shared');
  });

  test('leads to one, whatever comes first: uploaded', async () => {
    const serving = new World(stage('uploads'));
    const source = serving.upload('uploads/digits/v1/');
    serving.threads.start('upload', () => serving.trigger('run-on-new-model', upload));
    await serving.run();
    checkOne(serving);
    expect(await explore(1, (choose) => uploaded(serving, source, choose))).toBeGreaterThan(8);
    for (let seed = 1; seed <= 20; seed++) await uploaded(serving, source, atRandom(seed), 'shared');
  });
});

test('an upload that is told again after another recipe leaves what was trained since in service', async () => {
  const world = new World(stage('trains'));
  world.upload('uploads/digits/v1/');
  await world.trigger('run-on-new-model', upload);
  await world.run();
  const training = world.start('build', 'schedule', {});
  await world.run();
  expect(world.serves).toBe(world.buildOf(training)!.name);

  const later = world.copy({}, stage('other recipe'));
  const deploy = later.start('build', 'deploy', { ifChanged: true });
  await later.run();
  const { name } = later.buildOf(deploy)!;
  expect(later.serves).toBe(name);
  const before = models(later).length;
  await later.trigger('run-on-new-model', upload);
  await later.run();
  // It is another build, because of the recipe; and it is as old as the upload.
  expect(models(later)).toHaveLength(before + 1);
  expect(later.serves).toBe(name);
  checkReleases(later);
});

describe('an execution that trains', () => {
  const open = (options: WorldOptions = {}): World => new World(stage('trains'), options);

  test('and is cut off before any state or change leaves to the next deployment what it had not started', async () => {
    let isCut = true;
    const jobs = new Set<number>();
    let step = 0;
    for (; isCut; step++) {
      const world = open({ points: 'calls' });
      const training = world.start('build', 'first', {});
      isCut = false;
      await world.run(undefined, (thread) => {
        if (thread !== training.thread || thread.steps !== step + 1 || training.status !== 'RUNNING') return;
        isCut = true;
        world.cut(training);
      });
      const next = world.start('build', 'next', { ifChanged: true });
      await world.run();
      expect(next).toMatchObject({ status: 'SUCCEEDED' });
      expect(models(world).map(({ name }) => name)).toHaveLength(1);
      expect(artifacts(world)).toHaveLength(1);
      expect(world.serves).toBe(models(world)[0].name);
      checkBuilds(world);
      checkReleases(world);
      jobs.add(world.sageMaker.jobs.size);
    }
    // Prepare, Train and its end, and StartBuild with its calls.
    expect(step).toBeGreaterThan(5);
    expect([...jobs].sort()).toEqual([1, 2]);
  });

  test('and whose StartBuild is cut off before any change starts one build', async () => {
    for (const before of [0, 1]) {
      let calls = 0;
      const world = open({
        mishap: (state) =>
          state === 'StartBuild' && calls++ === 0 ? { error: fault('Sandbox.Timedout'), before } : undefined,
      });
      world.start('build', 'first', {});
      await world.run();
      checkOne(world);
    }
  });

  test('and whose StartBuild is told to have failed though it goes on starts one build', async () => {
    await explore(1, async (choose) => {
      let calls = 0;
      const world = open({
        points: 'calls',
        mishap: (state) =>
          state === 'StartBuild' && calls++ === 0 ? { error: fault('Sandbox.Timedout'), goesOn: true } : undefined,
      });
      world.start('build', 'first', {});
      await world.run(choose);
      checkOne(world);
    });
  });

  test('is older than an upload that is begun before its training ends', async () => {
    await explore(1, async (choose) => {
      const world = open();
      const training = world.start('build', 'schedule', {});
      world.build('upload');
      await world.run(choose);
      expect(world.serves).toBe('upload');
      const { name } = world.buildOf(training)!;
      const manifest = JSON.parse(world.s3.text(`models/compressed/digits/${name}/manifest.json`)!) as object;
      expect(manifest).toMatchObject({ provenance: { begun: '2026-01-01T00:00:00.000Z' } });
      checkReleases(world);
    });
  });

  test('leads to a build that is tried again, where it failed, by the next that asks for it', async () => {
    const world = open({
      fault: (state, _, execution) =>
        state === 'Finalize' && !execution.endsWith('-2') ? fault('Conflict') : undefined,
    });
    const training = world.start('build', 'first', {});
    await world.run();
    const failed = world.buildOf(training)!;
    expect([training.status, failed.status]).toEqual(['SUCCEEDED', 'FAILED']);
    const next = world.start('build', 'next', { ifChanged: true });
    await world.run();
    expect(next.path).not.toContain('Train');
    expect(world.buildOf(next)).toMatchObject({ name: `${failed.name}-2`, status: 'SUCCEEDED' });
    await byHand('s3://models/raw/digits/first/');
    await world.run();
    expect(models(world)).toHaveLength(2);
    expect(world.serves).toBe(`${failed.name}-2`);
  });

  test('and another recipe, and then the one before again, build the model three times', async () => {
    let world = open();
    const training = world.start('build', 'first', {});
    await world.run();
    const names = [world.buildOf(training)!.name];
    for (const name of ['other recipe', 'trains'] as const) {
      world = world.copy({}, stage(name));
      const deploy = world.start('build', `deploy-${names.length}`, { ifChanged: true });
      await world.run();
      expect(deploy.path!.filter((state) => state === 'DecideAgain')).toHaveLength(names.length - 1);
      names.push(world.buildOf(deploy)!.name);
      expect(world.serves).toBe(names.at(-1));
    }
    expect(names[1]).not.toBe(names[0]);
    expect(names[2]).toBe(`${names[0]}-2`);
    checkBuilds(world);
    checkReleases(world);
  });
});
