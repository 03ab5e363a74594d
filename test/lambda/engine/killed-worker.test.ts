import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateBucketCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { finalizeBuild } from '../../../lambda/engine/finalizer';
import { FORMATS } from '../../../lambda/engine/formats';
import { S3Store } from '../../../lambda/engine/io/s3-store';
import { Manifest } from '../../../lambda/engine/manifest';
import { Plan } from '../../../lambda/engine/plan';
import { readPlan } from '../../../lambda/engine/plan-store';
import { planBuild } from '../../../lambda/engine/planner';
import { parseRecipe } from '../../../lambda/engine/recipe';
import { FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy';
import { startTestAws, TestAws } from '../../support/local-aws';
import { FixtureTensor, randomNumbers, safetensorsFile } from './formats/safetensors/fixtures';

const ROOT = resolve(__dirname, '../../..');
const RECIPE = parseRecipe({ method: 'w8a8', mode: 'exact' });
const [ROWS, COLUMNS] = [2048, 2048];
/** Int8, they are three parts of 16 MiB; one item makes them all. */
const TENSORS = 12;
const PARTS = [1, 2, 3];

let aws: TestAws;
let proxy: FaultyProxy;
/** Parts after the first stay on their way as long as this holds. */
let stalling = false;
let stalled = 0;

beforeAll(async () => {
  aws = await startTestAws();
  proxy = await startFaultyProxy(aws.url, 0.05, 11, ({ method, url }) => {
    const stalls = stalling && method === 'PUT' && /[?&]partNumber=(?!1&|1$)/.test(url ?? '');
    if (stalls) stalled++;
    return stalls;
  });
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await open('raw/').put('model.safetensors', checkpoint());
});
afterAll(async () => {
  await proxy.close();
  await aws.close();
});

const open = (prefix: string) => new S3Store(aws.s3, { bucket: 'models', prefix });
const storesOf = (build: string) => ({
  source: open('raw/'),
  artifact: open(`compressed/${build}/`),
  work: open(`work/${build}/`),
});
type Stores = ReturnType<typeof storesOf>;

/** Each tensor has the same random numbers, from another one on. */
function checkpoint(): Buffer {
  const random = randomNumbers(5);
  // From 2^-7 up to 2, of either sign.
  const bits = Uint16Array.from({ length: ROWS * COLUMNS + TENSORS }, () => {
    const number = random() * 0x800;
    return 0x3c00 + (number & 0x3ff) + (number & 0x400 ? 0x8000 : 0);
  });
  return safetensorsFile(
    Array.from({ length: TENSORS }, (_, layer): FixtureTensor => {
      const data = Buffer.from(bits.buffer, 2 * layer, 2 * ROWS * COLUMNS);
      return { name: `model.layers.${layer}.mlp.down_proj.weight`, dtype: 'BF16', shape: [ROWS, COLUMNS], data };
    }),
  );
}

async function plan(stores: Stores): Promise<Plan> {
  expect(await planBuild({ ...stores, recipe: RECIPE, formats: FORMATS })).toEqual({ items: 1, finished: false });
  return (await readPlan(stores.work))!;
}

/** Calls the function that makes an item in a process of its own, which sees S3 through the proxy alone. */
function startWorker({ work }: Stores) {
  const { accessKeyId, secretAccessKey } = aws.config.credentials;
  const call = `require('./lambda/compress').handler({ work: ${JSON.stringify(work.root)}, item: 0 }).then(
    () => process.exit(0), (error) => { console.error(error); process.exit(1); })`;
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', '--eval', call], {
    cwd: ROOT,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: proxy.url,
      AWS_REGION: aws.config.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, ended };
}

async function uploadedParts({ outputs }: Plan, build: string): Promise<number[]> {
  const { key, uploadId } = outputs.find((output) => output.parts === PARTS.length)!;
  const place = { Bucket: 'models', Key: `compressed/${build}/${key}`, UploadId: uploadId };
  return ((await aws.s3.send(new ListPartsCommand(place))).Parts ?? []).map(({ PartNumber }) => PartNumber!);
}

const finalize = (stores: Stores, planned: Plan): Promise<Manifest> =>
  finalizeBuild({ ...stores, plan: planned, extraFiles: [], provenance: {}, version: '0.0.0' });

async function digestOf({ artifact }: Stores): Promise<string> {
  return createHash('sha256')
    .update((await artifact.get('model.safetensors', 1e9))!)
    .digest('hex');
}

test('a worker process that is killed between two parts and runs again gives the same bytes', async () => {
  const calm = storesOf('calm');
  const calmPlan = await plan(calm);
  expect(await startWorker(calm).ended).toEqual([0, null]);
  const expected = await finalize(calm, calmPlan);

  const stores = storesOf('killed');
  const killedPlan = await plan(stores);
  stalling = true;
  const { child, ended } = startWorker(stores);
  const isHalfway = async () => stalled > 0 && (await uploadedParts(killedPlan, 'killed')).length > 0;
  while (child.exitCode === null && !(await isHalfway())) await wait(50);
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(await uploadedParts(killedPlan, 'killed')).toEqual([1]);
  await expect(finalize(stores, killedPlan)).rejects.toThrow(/1 of 1 items are not made yet/);

  stalling = false;
  expect(await startWorker(stores).ended).toEqual([0, null]);
  expect(await uploadedParts(killedPlan, 'killed')).toEqual(PARTS);
  const manifest = await finalize(stores, killedPlan);
  expect(await digestOf(stores)).toBe(await digestOf(calm));
  expect(manifest.files).toEqual(expected.files);
  expect(manifest.tensors).toEqual(expected.tensors);
});
