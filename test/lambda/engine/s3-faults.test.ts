import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { finalizeBuild } from '../../../lambda/engine/finalizer';
import { FORMATS } from '../../../lambda/engine/formats';
import { ObjectStore } from '../../../lambda/engine/io/object-store';
import { S3Store } from '../../../lambda/engine/io/s3-store';
import { Manifest } from '../../../lambda/engine/manifest';
import { mapConcurrently } from '../../../lambda/engine/map-concurrently';
import { readPlan } from '../../../lambda/engine/plan-store';
import { planBuild } from '../../../lambda/engine/planner';
import { parseRecipe } from '../../../lambda/engine/recipe';
import { compressItem } from '../../../lambda/engine/worker';
import { Fault, FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy';
import { startTestAws, TestAws } from '../../support/local-aws';
import { FixtureTensor, randomNumbers, safetensorsFile } from './formats/safetensors/fixtures';

const SHARDS = 30;
const RECIPE = parseRecipe({ method: 'w8a8', mode: 'exact' });

let aws: TestAws;
let proxy: FaultyProxy;
beforeAll(async () => {
  aws = await startTestAws();
  proxy = await startFaultyProxy(aws.url, 0.05, 7);
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await putCheckpoint(storesOf(aws.s3, 'calm').source);
});
afterAll(async () => {
  await proxy.close();
  await aws.close();
});

/** A checkpoint of many small shards: each is an output of its own, so that there are hundreds of requests to spoil. */
async function putCheckpoint(source: ObjectStore): Promise<void> {
  const random = randomNumbers(3);
  const weightMap: Record<string, string> = {};
  for (let shard = 1; shard <= SHARDS; shard++) {
    const file = `model-${String(shard).padStart(5, '0')}-of-${String(SHARDS).padStart(5, '0')}.safetensors`;
    const name = `model.layers.${shard}.mlp.down_proj.weight`;
    weightMap[name] = file;
    const data = Buffer.from(Float32Array.from({ length: 32 * 64 }, () => random() - 0.5).buffer);
    const tensor: FixtureTensor = { name, dtype: 'F32', shape: [32, 64], data };
    await source.put(file, safetensorsFile([tensor]));
  }
  const index = { metadata: { total_size: SHARDS * 32 * 64 * 4 }, weight_map: weightMap };
  await source.put('model.safetensors.index.json', Buffer.from(JSON.stringify(index)));
  await source.put('config.json', Buffer.from('{"model_type":"llama","architectures":["LlamaForCausalLM"]}'));
}

interface Stores {
  readonly source: ObjectStore;
  readonly artifact: ObjectStore;
  readonly work: ObjectStore;
}

function storesOf(client: S3Client, build: string): Stores {
  const open = (prefix: string): ObjectStore => new S3Store(client, { bucket: 'models', prefix });
  return { source: open('raw/'), artifact: open(`compressed/${build}/`), work: open(`work/${build}/`) };
}

async function build(stores: Stores): Promise<Manifest> {
  const { items } = await planBuild({ ...stores, recipe: RECIPE, formats: FORMATS, itemBytes: 1 });
  const plan = (await readPlan(stores.work))!;
  const all = Array.from({ length: items }, (_, item) => item);
  await mapConcurrently(all, 1, (item) => compressItem({ ...stores, plan, item, formats: FORMATS }));
  return finalizeBuild({ ...stores, plan, extraFiles: [], provenance: {}, version: '0.0.0' });
}

async function contents(store: ObjectStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { key } of await store.list()) {
    const bytes = await store.get(key, 1e9);
    if (key !== 'manifest.json') found.set(key, Buffer.from(bytes!).toString('base64'));
  }
  return found;
}

test('a build over an S3 that spoils one request in twenty gives the same bytes', async () => {
  const calm = storesOf(aws.s3, 'calm');
  const expected = await build(calm);
  const shaky = new S3Client({
    ...aws.config,
    endpoint: proxy.url,
    forcePathStyle: true,
    maxAttempts: 8,
    requestHandler: { requestTimeout: 5000 },
  });
  const stormy = storesOf(shaky, 'stormy');
  const manifest = await build(stormy);
  shaky.destroy();

  expect(await contents(storesOf(aws.s3, 'stormy').artifact)).toEqual(await contents(calm.artifact));
  expect(manifest.files).toEqual(expected.files);
  expect(manifest.tensors).toEqual(expected.tensors);
  expect(proxy.requests()).toBeGreaterThan(SHARDS * 6);
  const faults = Object.entries(proxy.played) as [Fault, number][];
  expect(faults.filter(([, count]) => count === 0).map(([fault]) => fault)).toEqual([]);
});

test('a worker that is cut off halfway and runs again gives the same bytes', async () => {
  const calm = storesOf(aws.s3, 'calm');
  const stores = storesOf(aws.s3, 'cut-off');
  const { items } = await planBuild({ ...stores, recipe: RECIPE, formats: FORMATS });
  const plan = (await readPlan(stores.work))!;
  for (let item = 0; item < items; item++) {
    let left = 2;
    const dying: ObjectStore = Object.create(stores.artifact, {
      uploadPart: {
        value: (...args: Parameters<ObjectStore['uploadPart']>) =>
          left-- > 0 ? stores.artifact.uploadPart(...args) : Promise.reject(new Error('cut off')),
      },
    }) as ObjectStore;
    await expect(compressItem({ ...stores, artifact: dying, plan, item, formats: FORMATS })).rejects.toThrow('cut off');
    await compressItem({ ...stores, plan, item, formats: FORMATS });
  }
  await finalizeBuild({ ...stores, plan, extraFiles: [], provenance: {}, version: '0.0.0' });
  expect(await contents(stores.artifact)).toEqual(await contents(calm.artifact));
});
