import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc64nvme } from '../../../../lambda/engine/kernels';
import { FolderStore } from '../../../../lambda/engine/io/folder-store';
import { ObjectStore, PartDigest, UploadedPart } from '../../../../lambda/engine/io/object-store';
import { storeKinds } from '../../../support/store-kinds';

const MIB = 1024 * 1024;

function digestOf(bytes: Uint8Array): PartDigest {
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    crc64nvme: crc64nvme(bytes, 0n).toString(16).padStart(16, '0'),
  };
}

async function readAll(store: ObjectStore, key: string): Promise<Buffer> {
  const source = await store.open(key);
  const bytes = Buffer.alloc(source.size);
  await source.read(0, bytes);
  return bytes;
}

describe.each(storeKinds())('An object store over $name', (kind) => {
  beforeAll(() => kind.start());
  afterAll(() => kind.stop());

  test('puts, lists in key order, reads by range, deletes', async () => {
    const store = kind.open('plain');
    expect(await store.list()).toEqual([]);
    await store.put('b/two.bin', Buffer.from('0123456789'));
    await store.put('a.txt', Buffer.from('a'));
    expect((await store.list()).map(({ key, size }) => [key, size])).toEqual([
      ['a.txt', 1],
      ['b/two.bin', 10],
    ]);
    expect((await store.list('b/')).map(({ key }) => key)).toEqual(['b/two.bin']);
    const range = Buffer.alloc(4);
    await (await store.open('b/two.bin')).read(3, range);
    expect(range.toString()).toBe('3456');
    await store.delete('a.txt');
    expect(await store.get('a.txt', 10)).toBeUndefined();
  });

  test('refuses a range outside the object, and more than the reader allows', async () => {
    const store = kind.open('bounds');
    await store.put('x', Buffer.from('0123456789'));
    const source = await store.open('x');
    await expect((async () => source.read(8, Buffer.alloc(4)))()).rejects.toThrow(
      'is 10 bytes long, but bytes 8 to 12 are needed',
    );
    await expect(store.get('x', 9)).rejects.toThrow('is 10 bytes long, more than the 9 allowed here');
  });

  test('writes once when asked to', async () => {
    const store = kind.open('once');
    expect(await store.put('m', Buffer.from('first'), { onlyIfAbsent: true })).toBe(true);
    expect(await store.put('m', Buffer.from('second'), { onlyIfAbsent: true })).toBe(false);
    expect(Buffer.from((await store.get('m', 100))!).toString()).toBe('first');
  });

  test('refuses an object that was replaced after it was listed', async () => {
    const store = kind.open('replaced');
    await store.put('x', Buffer.from('before'));
    const [listed] = await store.list();
    await new Promise((resume) => setTimeout(resume, 20));
    await store.put('x', Buffer.from('behind'));
    const read = async (): Promise<void> => (await store.open('x', listed)).read(0, Buffer.alloc(6));
    await expect(read()).rejects.toThrow(/start the build again/);
  });

  test('joins parts that came out of order and twice, and shows nothing before', async () => {
    const store = kind.open('upload');
    const parts = [5 * MIB, 6 * MIB, 1000].map((size) => randomBytes(size));
    const whole = Buffer.concat(parts);
    const uploadId = await store.createUpload('big.bin', whole.length);
    const offsets = [0, 5 * MIB, 11 * MIB];
    const uploaded: UploadedPart[] = [];
    for (const index of [2, 0, 1, 0]) {
      const place = { key: 'big.bin', uploadId, number: index + 1, offset: offsets[index], size: parts[index].length };
      uploaded[index] = await store.uploadPart(place, parts[index], digestOf(parts[index]));
    }
    expect(await store.list()).toEqual([]);
    await store.completeUpload('big.bin', uploadId, uploaded, digestOf(whole).crc64nvme);
    expect((await readAll(store, 'big.bin')).equals(whole)).toBe(true);
    // A try that was cut off before it heard the answer asks again.
    await store.completeUpload('big.bin', uploadId, uploaded, digestOf(whole).crc64nvme);
    expect(await kind.pendingUploads()).toBe(0);
  });

  test('does not complete an upload over something else', async () => {
    const store = kind.open('clash');
    const body = Buffer.from('mine');
    const uploadId = await store.createUpload('x', body.length);
    const part = await store.uploadPart({ key: 'x', uploadId, number: 1, offset: 0, size: 4 }, body, digestOf(body));
    await store.put('x', Buffer.from('another'));
    await expect(store.completeUpload('x', uploadId, [part], digestOf(body).crc64nvme)).rejects.toThrow(
      'exists already',
    );
    await store.abortUpload('x', uploadId);
  });

  test('gives an upload up, twice without complaint', async () => {
    const store = kind.open('abort');
    const uploadId = await store.createUpload('x', 10);
    await store.abortUpload('x', uploadId);
    await store.abortUpload('x', uploadId);
    expect(await store.list()).toEqual([]);
    expect(await kind.pendingUploads()).toBe(0);
  });
});

test('a folder store does not write outside its folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelpress-store-'));
  const store = new FolderStore(folder);
  await expect(store.put('../x', Buffer.from('x'))).rejects.toThrow('leads outside');
  rmSync(folder, { recursive: true });
});

test('a folder store lists what links lead to, and names a link that leads nowhere or in a circle', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelpress-store-'));
  const store = new FolderStore(join(folder, 'model'));
  await store.put('blob', Buffer.from('weights'));
  symlinkSync('blob', join(store.root, 'model.onnx'));
  // A folder that is a link is not entered, and so cannot lead back to itself.
  symlinkSync('..', join(store.root, 'around'));
  expect((await store.list()).map(({ key, size }) => [key, size])).toEqual([
    ['blob', 7],
    ['model.onnx', 7],
  ]);
  symlinkSync('gone', join(store.root, 'a.data'));
  await expect(store.list()).rejects.toThrow(/a\.data: is a link that leads nowhere \(ENOENT\)/);
  rmSync(join(store.root, 'a.data'));
  symlinkSync('a.data', join(store.root, 'a.data'));
  await expect(store.list()).rejects.toThrow(/a\.data: is a link that leads nowhere \(ELOOP\)/);
  rmSync(folder, { recursive: true });
});
