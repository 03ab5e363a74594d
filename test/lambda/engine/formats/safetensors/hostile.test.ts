import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMATS } from '../../../../../lambda/engine/formats';
import { FolderStore } from '../../../../../lambda/engine/io/folder-store';
import { planBuild } from '../../../../../lambda/engine/planner';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { rawHeader, safetensorsFile } from './fixtures';

const entry = (shape: string, offsets: string) => `{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`;
const file = (text: string, bytes: number) => Buffer.concat([rawHeader(text), Buffer.alloc(bytes)]);
const whole = safetensorsFile([{ name: 'model.a.weight', dtype: 'F32', shape: [64, 128] }]);
const index = (shard: string) => Buffer.from(JSON.stringify({ weight_map: { 'model.a.weight': shard } }));

const HOSTILE: readonly [string, Readonly<Record<string, () => Buffer>>, RegExp][] = [
  [
    'a file that is cut short',
    { 'model.safetensors': () => whole.subarray(0, whole.length - 100) },
    /model\.safetensors: tensor "model\.a\.weight" ends at byte/,
  ],
  [
    'tensors that overlap',
    { 'model.safetensors': () => file(`{"a":${entry('[2]', '[0,8]')},"b":${entry('[2]', '[4,12]')}}`, 12) },
    /"b" overlaps "a"/,
  ],
  [
    'a hole',
    { 'model.safetensors': () => file(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[8,12]')}}`, 12) },
    /before tensor "b" belong to no tensor/,
  ],
  [
    'a length of 2^63',
    { 'model.safetensors': () => Buffer.from('ffffffffffffff7f7b7d', 'hex') },
    /model\.safetensors: declares a header of 9223372036854775807 bytes/,
  ],
  [
    'a tensor twice',
    { 'model.safetensors': () => file(`{"a":${entry('[1]', '[0,4]')},"a":${entry('[1]', '[0,4]')}}`, 4) },
    /"a" appears twice/,
  ],
  [
    'an index that points outside',
    { 'model.safetensors': () => whole, 'model.safetensors.index.json': () => index('../../secret.safetensors') },
    /index\.json: .*beside the index/,
  ],
  [
    'settings that nest deep',
    { 'model.safetensors': () => whole, 'config.json': () => Buffer.from(`{"a":${'['.repeat(1e6)}`) },
    /config\.json: .*nesting is deeper/,
  ],
];

describe('a hostile checkpoint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelpress-hostile-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function plan(
    name: string,
    files: Readonly<Record<string, () => Buffer>>,
  ): Promise<{ error: Error | undefined; left: string[] }> {
    const [source, artifact, work] = ['source', 'artifact', 'work'].map(
      (place) => new FolderStore(join(folder, name, place)),
    );
    for (const [key, bytes] of Object.entries(files)) await source.put(key, bytes());
    let error: Error | undefined;
    try {
      await planBuild({ source, artifact, work, recipe: parseRecipe({ method: 'w8a8' }), formats: FORMATS });
    } catch (thrown) {
      error = thrown as Error;
    } finally {
      for (const store of [source, artifact, work]) await store.close();
    }
    return { error, left: readdirSync(join(folder, name)).filter((place) => place !== 'source') };
  }

  test.each(HOSTILE)(
    'with %s ends in one error that names it, and in no part of an artifact',
    async (name, files, message) => {
      const { error, left } = await plan(name, files);
      expect(error).toMatchObject({ name: 'InvalidModel', message: expect.stringMatching(message) as string });
      expect(error!.message.length).toBeLessThan(1000);
      expect(left).toEqual([]);
    },
  );
});
