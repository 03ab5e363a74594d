import {
  DeleteEndpointCommand,
  ListEndpointConfigsCommand,
  ListModelsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { release, ReleaseAnswer } from '../../../lambda/release/release-model';
import { releaseNames } from '../../../lambda/release/release-names';
import { ReleaseSpecification } from '../../../lambda/release/release-specification';
import { releaseStatus } from '../../../lambda/release/release-status';
import { restoreEndpoint } from '../../../lambda/release/restore-endpoint';
import { removeEndpoint } from '../../../lambda/release/remove-endpoint';
import { removeConfigsAndModels } from '../../../lambda/release/tidy-releases';
import { BUCKET, ECHO_SCRIPT, ROLE, SERVING_IMAGE, TestSageMaker, until } from '../../local/sagemaker/test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const CRASH = 'raise SystemExit("no such thing as a model")\n';

const specification: ReleaseSpecification = {
  executionRoleArn: ROLE,
  image: SERVING_IMAGE,
  instanceType: 'ml.c7i.large',
  initialInstanceCount: 1,
  variantName: 'AllTraffic',
  environment: {},
  networkIsolation: false,
  tags: [{ Key: 'team', Value: 'digits' }],
  deploymentConfig: {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
      TerminationWaitInSeconds: 0,
      MaximumExecutionTimeoutInSeconds: 600,
    },
  },
};

/** Stores an artifact that answers with its name; returns its address. */
async function artifact(name: string, script = ECHO_SCRIPT): Promise<string> {
  await sageMaker.put(`compressed/${name}/name.txt`, name);
  await sageMaker.put(`compressed/${name}/code/inference.py`, script);
  return `s3://${BUCKET}/compressed/${name}/`;
}

const ask = (
  endpointName: string,
  where: string,
  changes: Partial<ReleaseSpecification> = {},
): Promise<ReleaseAnswer> =>
  release({
    client: sageMaker.client,
    endpointName,
    artifact: where,
    specification: { ...specification, ...changes },
  });

const settle = ({ endpointName, endpointConfigName }: ReleaseAnswer): ReturnType<typeof releaseStatus> =>
  until(
    () => releaseStatus({ client: sageMaker.client, endpointName, endpointConfigName }),
    ({ state }) => state !== 'InProgress',
  );

test('creates an endpoint, updates it under its name, and leaves it alone when nothing changed', async () => {
  const [one, two] = [await artifact('one'), await artifact('two')];
  const first = await ask('steady', one);
  expect(first.action).toBe('created');
  expect(await settle(first)).toMatchObject({ state: 'InService' });
  expect((await sageMaker.invoke('steady')).model).toBe('one');

  const second = await ask('steady', two);
  expect(second.action).toBe('updated');
  expect(await settle(second)).toMatchObject({ state: 'InService' });
  expect((await sageMaker.invoke('steady')).model).toBe('two');

  expect(await ask('steady', two)).toEqual({ ...second, action: 'unchanged' });
  // Another number of instances is another config of the same model.
  expect((await ask('steady', two, { initialInstanceCount: 2 })).action).toBe('updated');
});

test('tells an endpoint that went back from one that serves the release', async () => {
  const good = await ask('wary', await artifact('good'));
  await settle(good);
  const bad = await ask('wary', await artifact('bad', CRASH));
  const status = await settle(bad);
  expect(status).toMatchObject({ state: 'RolledBack', endpointStatus: 'InService' });
  expect(status.reason).toContain(`went back to ${good.endpointConfigName}, which keeps serving`);
  expect((await sageMaker.invoke('wary')).model).toBe('good');
  expect(await settle(good)).toMatchObject({ state: 'InService' });
});

test('is busy while another change is under way', async () => {
  const first = await ask('busy', await artifact('busy-one'));
  await expect(ask('busy', await artifact('busy-two'))).rejects.toMatchObject({ name: 'EndpointBusy' });
  expect(await settle(first)).toMatchObject({ state: 'InService' });
});

test('replaces an endpoint that never came into service', async () => {
  const failed = await ask('stillborn', await artifact('stillborn-bad', CRASH));
  const status = await settle(failed);
  expect(status.state).toBe('Failed');
  const good = await artifact('stillborn-good');
  await expect(ask('stillborn', good)).rejects.toMatchObject({ name: 'EndpointBusy' });
  const answer = await until(
    () =>
      ask('stillborn', good).catch((error: Error) =>
        error.name === 'EndpointBusy' ? undefined : Promise.reject(error),
      ),
    (result) => result !== undefined,
  );
  expect(await settle(answer!)).toMatchObject({ state: 'InService' });
});

test('a status of an endpoint that is gone is a failure, not an endless wait', async () => {
  const answer = await ask('gone', await artifact('gone'));
  await settle(answer);
  await sageMaker.client.send(new DeleteEndpointCommand({ EndpointName: 'gone' }));
  expect(await settle(answer)).toMatchObject({ state: 'Failed', reason: 'endpoint gone does not exist (any more)' });
});

/** A service whose endpoint is in a state that no real process can be brought into. */
const found = (EndpointStatus: string, FailureReason?: string): SageMakerClient =>
  ({
    send: () => Promise.resolve({ EndpointName: 'e', EndpointConfigName: 'old', EndpointStatus, FailureReason }),
  }) as unknown as SageMakerClient;

test.each([
  ['InService', 'RolledBack', /went back to old, which keeps serving; new was not released: it is broken/],
  ['Failed', 'Failed', /endpoint e is Failed: it is broken/],
  ['UpdateRollbackFailed', 'RollbackFailed', /endpoint e could not go back: it is broken/],
  ['OutOfService', 'Failed', /endpoint e is OutOfService/],
  ['RollingBack', 'InProgress', /is RollingBack/],
  ['SystemUpdating', 'InProgress', /is SystemUpdating/],
])('an endpoint that is %s is told as %s', async (status, state, reason) => {
  const request = { endpointName: 'e', endpointConfigName: 'new' };
  const answer = await releaseStatus({ client: found(status, 'it is broken'), ...request });
  expect(answer).toEqual({ state, endpointStatus: status, reason: expect.stringMatching(reason) as string });
});

test('an update that takes longer than it may is told as such, and not before', async () => {
  const request = { client: found('Updating'), endpointName: 'e', endpointConfigName: 'new', timeoutSeconds: 60 };
  const since = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
  expect(await releaseStatus({ ...request, since: since(120) })).toMatchObject({
    state: 'TimedOut',
    reason: expect.stringContaining('still Updating after 60 s') as string,
  });
  expect((await releaseStatus({ ...request, since: since(0) })).state).toBe('InProgress');
});

test('an endpoint of mixed instances is left to a person, by a release and by the way back', async () => {
  const client = found('UpdateRollbackFailed', 'no capacity');
  const broken = { name: 'EndpointBroken', message: expect.stringContaining('(no capacity)') as string };
  await expect(release({ client, endpointName: 'e', artifact: 's3://b/a/', specification })).rejects.toMatchObject(
    broken,
  );
  await expect(restoreEndpoint(client, 'e', 'good')).rejects.toMatchObject(broken);
});

test('clean-up waits for an update, then removes what was made for this endpoint and nothing else', async () => {
  const long = 'cleaned-up-endpoint-with-a-name-that-gets-cut-off';
  await settle(await ask(long, await artifact('mine')));
  const neighbour = await ask(`${long}-too`, await artifact('neighbour'));
  await settle(neighbour);
  await ask(long, await artifact('mine-two'));
  expect(await removeEndpoint(sageMaker.client, long)).toBe(false);
  await until(
    () => removeEndpoint(sageMaker.client, long),
    (gone) => gone,
  );
  await removeConfigsAndModels(sageMaker.client, long);
  await removeConfigsAndModels(sageMaker.client, long);
  const named = { NameContains: 'cleaned-up-endpoint' };
  const { EndpointConfigs } = await sageMaker.client.send(new ListEndpointConfigsCommand(named));
  const { Models } = await sageMaker.client.send(new ListModelsCommand(named));
  expect(EndpointConfigs!.map((config) => config.EndpointConfigName)).toEqual([neighbour.endpointConfigName]);
  expect(Models!.map((model) => model.ModelName)).toEqual([neighbour.modelName]);
  expect((await sageMaker.invoke(`${long}-too`)).model).toBe('neighbour');
});

test('names tell artifacts, specifications and endpoints apart, but not the way of switching', () => {
  const name = (endpoint: string, where: string, changes: Partial<ReleaseSpecification> = {}): string =>
    releaseNames(endpoint, where, { ...specification, ...changes }).endpointConfigName;
  const usual = name('e', 's3://b/a/');
  expect(usual).toMatch(/^e-[0-9a-f]{16}$/);
  expect(name('e', 's3://b/a/', { deploymentConfig: undefined })).toBe(usual);
  expect(name('e', 's3://b/c/')).not.toBe(usual);
  expect(name('e', 's3://b/a/', { environment: { A: '1' } })).not.toBe(usual);
  const long = 'x'.repeat(62);
  expect(name(`${long}a`, 's3://b/a/')).toHaveLength(63);
  expect(name(`${long}a`, 's3://b/a/')).not.toBe(name(`${long}b`, 's3://b/a/'));
});

test('an update by hand that took the config away is told as not released', async () => {
  const first = await ask('handmade', await artifact('hand-one'));
  await settle(first);
  const second = await ask('handmade', await artifact('hand-two'));
  await settle(second);
  await sageMaker.client.send(
    new UpdateEndpointCommand({ EndpointName: 'handmade', EndpointConfigName: first.endpointConfigName }),
  );
  expect(await settle(second)).toMatchObject({ state: 'RolledBack' });
});
