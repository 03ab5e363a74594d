import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress, filesOf, golden } from './memory-model';
import { readModel } from './read-model';
import { testPython } from '../../../../support/python';

const python = testPython();
const PACK = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'a') as z:
    z.writestr('labels.txt', 'cat\\ndog\\n')
    z.writestr('vocabulary.txt', 'word ' * 5000, zipfile.ZIP_DEFLATED)`;
const UNPACK = `import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    print(json.dumps([[i.filename, i.header_offset, z.read(i).decode()] for i in z.infolist()]))`;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tflite-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function packed(model: Uint8Array): Uint8Array {
  const path = join(folder, 'packed.tflite');
  writeFileSync(path, model);
  execFileSync(python, ['-c', PACK, path]);
  return new Uint8Array(readFileSync(path));
}

test('files that are packed behind a model stay readable behind the smaller one', async () => {
  const source = packed(golden('coder.float'));
  const { outputs } = await compress(filesOf({ 'm.tflite': source }), { method: 'int8' });
  const made = outputs['m.tflite'];
  expect(made.length).toBeLessThan(source.length - 8000);
  expect((await readModel(made)).operators).toContain('FULLY_CONNECTED v12');
  const path = join(folder, 'made.tflite');
  writeFileSync(path, made);
  const files = JSON.parse(execFileSync(python, ['-c', UNPACK, path], { encoding: 'utf8' })) as [
    string,
    number,
    string,
  ][];
  expect(files.map(([name, , content]) => [name, content])).toEqual([
    ['labels.txt', 'cat\ndog\n'],
    ['vocabulary.txt', 'word '.repeat(5000)],
  ]);
  // Strict readers take the directory's places as they are.
  for (const [, offset] of files)
    expect(Buffer.from(made.slice(offset, offset + 4)).toString('latin1')).toBe('PK\x03\x04');
});

test('what only looks like an archive is no part of the artifact', async () => {
  const source = packed(golden('coder.float'));
  const end = source.length - 22;
  for (const damage of [
    [end + 12, 1],
    [end + 16, 1],
    [end + 20, 1],
    [end, 0],
  ] as const) {
    const bytes = source.slice();
    bytes[damage[0]] ^= 1 + damage[1];
    const { outputs } = await compress(filesOf({ 'm.tflite': bytes }), { method: 'int8' });
    const plain = await compress(filesOf({ 'm.tflite': golden('coder.float') }), { method: 'int8' });
    expect(Buffer.compare(outputs['m.tflite'], plain.outputs['m.tflite'])).toBe(0);
  }
});
