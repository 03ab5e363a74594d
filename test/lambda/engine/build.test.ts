import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { abandonBuild, finalizeBuild } from '../../../lambda/engine/finalizer';
import { FORMATS } from '../../../lambda/engine/formats';
import { ObjectStore } from '../../../lambda/engine/io/object-store';
import { crc64nvme } from '../../../lambda/engine/kernels';
import { Manifest, readManifest } from '../../../lambda/engine/manifest';
import { deletePlan, readPlan } from '../../../lambda/engine/plan-store';
import { planBuild } from '../../../lambda/engine/planner';
import { parseRecipe } from '../../../lambda/engine/recipe';
import { compressItem } from '../../../lambda/engine/worker';
import { StoreKind, storeKinds } from '../../support/store-kinds';

const RECIPE = parseRecipe({ method: 'int8', prune: 0.5 });

function golden(name: string): Buffer {
  return gunzipSync(readFileSync(join(__dirname, '../../golden/tflite', `${name}.tflite.gz`)));
}

interface Stores {
  readonly source: ObjectStore;
  readonly artifact: ObjectStore;
  readonly work: ObjectStore;
}

async function build(stores: Stores, recipe = RECIPE): Promise<Manifest> {
  const { items } = await planBuild({ ...stores, recipe, formats: FORMATS });
  const plan = (await readPlan(stores.work))!;
  for (let item = 0; item < items; item++) await compressItem({ ...stores, plan, item, formats: FORMATS });
  return finalize(stores);
}

async function finalize(stores: Stores): Promise<Manifest> {
  const plan = (await readPlan(stores.work))!;
  const extraFiles = [{ key: 'code/inference.py', body: Buffer.from('def model_fn(path): ...\n') }];
  return finalizeBuild({ ...stores, plan, extraFiles, provenance: { executionArn: 'arn:e' }, version: '1.2.3' });
}

async function contentOf(store: ObjectStore, key: string): Promise<Buffer> {
  return Buffer.from((await store.get(key, 1e9))!);
}

function storesOf(kind: StoreKind, name: string): Stores {
  const [source, artifact, work] = ['raw', 'compressed', 'work'].map((place) => kind.open(`${place}/${name}`));
  return { source, artifact, work };
}

describe.each(storeKinds())('A build over $name', (kind) => {
  beforeAll(() => kind.start());
  afterAll(() => kind.stop());

  async function withModel(name: string): Promise<Stores> {
    const stores = storesOf(kind, name);
    await stores.source.put('model.tflite', golden('dense.float'));
    await stores.source.put('labels.json', Buffer.from('["zero"]'));
    return stores;
  }

  test('makes an artifact whose manifest tells the truth', async () => {
    const stores = await withModel('truth');
    const manifest = await build(stores);
    expect(await readManifest(stores.artifact)).toEqual(manifest);
    expect(manifest).toMatchObject({
      format: 'tflite',
      recipe: { method: 'int8', prune: 0.5 },
      generator: { name: 'modelpress', version: '1.2.3' },
      provenance: { executionArn: 'arn:e' },
    });
    const keys = ['code/inference.py', 'labels.json', 'model.tflite'];
    expect(manifest.files.map((file) => file.key).sort()).toEqual(keys);
    expect((await stores.artifact.list()).map((object) => object.key)).toEqual([...keys, 'manifest.json'].sort());
    for (const file of manifest.files) {
      const bytes = await contentOf(stores.artifact, file.key);
      expect(bytes.length).toBe(file.size);
      expect(crc64nvme(bytes, 0n).toString(16).padStart(16, '0')).toBe(file.crc64nvme);
      let offset = 0;
      for (const part of file.parts) {
        const own = bytes.subarray(offset, (offset += part.size));
        expect(createHash('sha256').update(own).digest('hex')).toBe(part.sha256);
      }
      expect(offset).toBe(file.size);
    }
    const compressed = manifest.tensors.filter((tensor) => tensor.action === 'int8');
    expect(compressed).toHaveLength(2);
    for (const tensor of compressed) {
      expect(tensor.sparsity).toBeGreaterThanOrEqual(0.5);
      expect(tensor.relativeError).toBeGreaterThan(0);
      expect(tensor.sqnrDb).toBeCloseTo(-20 * Math.log10(tensor.relativeError!), 3);
    }
    expect(manifest.totals.bytesBefore).toBeGreaterThan(manifest.totals.bytesAfter * 3.5);
    expect(await kind.pendingUploads()).toBe(0);
  });

  test('gives the same bytes when everything is done twice and in another order', async () => {
    const [once, twice] = [await withModel('once'), await withModel('twice')];
    await build(once);
    const first = await planBuild({ ...twice, recipe: RECIPE, formats: FORMATS });
    expect(await planBuild({ ...twice, recipe: RECIPE, formats: FORMATS })).toEqual(first);
    const plan = (await readPlan(twice.work))!;
    const items = Array.from({ length: first.items }, (_, item) => item).reverse();
    for (const item of [...items, ...items]) await compressItem({ ...twice, plan, item, formats: FORMATS });
    const manifest = await finalize(twice);
    expect(await finalize(twice)).toEqual(manifest);
    const bytes = await contentOf(twice.artifact, 'model.tflite');
    expect(bytes.equals(await contentOf(once.artifact, 'model.tflite'))).toBe(true);
    expect(await planBuild({ ...twice, recipe: RECIPE, formats: FORMATS })).toEqual({ items: 0, finished: true });
  });

  test('is not finalized while an item is missing, and leaves nothing behind when it is given up', async () => {
    const stores = await withModel('given-up');
    await planBuild({ ...stores, recipe: RECIPE, formats: FORMATS });
    await expect(finalize(stores)).rejects.toThrow(/items are not made yet \(first: 0\)/);
    const plan = (await readPlan(stores.work))!;
    expect(await abandonBuild(stores.artifact, plan)).toBe(true);
    await deletePlan(stores.work);
    expect(await stores.artifact.list()).toEqual([]);
    expect(await stores.work.list()).toEqual([]);
    expect(await kind.pendingUploads()).toBe(0);
    // And the same build can be made after all.
    expect((await build(stores)).format).toBe('tflite');
    expect(await abandonBuild(stores.artifact, plan)).toBe(false);
  });

  test('is refused when the source changes underneath it', async () => {
    const stores = await withModel('changed');
    await planBuild({ ...stores, recipe: RECIPE, formats: FORMATS });
    const plan = (await readPlan(stores.work))!;
    const changed = golden('dense.float');
    changed[changed.length - 5] ^= 1;
    await new Promise((resume) => setTimeout(resume, 20));
    await stores.source.put('model.tflite', changed);
    const run = async (): Promise<void> => {
      for (let item = 0; item < plan.itemOffsets.length - 1; item++) {
        await compressItem({ ...stores, plan, item, formats: FORMATS });
      }
    };
    await expect(run()).rejects.toThrow(/model\.tflite.*start the build again/);
    await abandonBuild(stores.artifact, plan);
  });

  test('names what is there when it is no model', async () => {
    const stores = storesOf(kind, 'no-model');
    const plan = (): Promise<unknown> => planBuild({ ...stores, recipe: RECIPE, formats: FORMATS });
    await expect(plan()).rejects.toThrow('holds no files; check the address of the model');
    await stores.source.put('weights.pkl', Buffer.from('cos\nsystem\n'));
    await expect(plan()).rejects.toMatchObject({
      name: 'InvalidModel',
      message: expect.stringContaining(
        'holds no model of a known format (safetensors, tflite, onnx); found 1 file: weights.pkl',
      ) as string,
    });
    expect(await kind.pendingUploads()).toBe(0);
  });
});
