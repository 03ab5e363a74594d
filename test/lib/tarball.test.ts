import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { list } from 'tar';
import { packFolder, Tarball } from '../../lib/private/tarball';

let folder: string;
const packed: string[] = [];

function pack(directory: string): Tarball {
  const tarball = packFolder(directory);
  packed.push(dirname(tarball.path));
  return tarball;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tarball-'));
  mkdirSync(join(folder, 'package', '__pycache__'), { recursive: true });
  writeFileSync(join(folder, 'train.py'), 'print("hello")\n');
  writeFileSync(join(folder, 'package', 'größe.py'), 'x'.repeat(1024));
  writeFileSync(join(folder, 'package', '__pycache__', 'a.pyc'), 'compiled');
  writeFileSync(join(folder, 'empty'), '');
  chmodSync(join(folder, 'train.py'), 0o755);
});
afterEach(() => [folder, ...packed.splice(0)].forEach((path) => rmSync(path, { recursive: true })));

async function contents(file: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await list({
    file,
    strict: true,
    onReadEntry: (entry) => {
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on(
        'end',
        () => (found[`${entry.path} ${(entry.mode ?? 0).toString(8)}`] = Buffer.concat(chunks).toString()),
      );
    },
  });
  return found;
}

test('another program unpacks what was packed, without what Python compiled', async () => {
  expect(await contents(pack(folder).path)).toEqual({
    'train.py 755': 'print("hello")\n',
    'package/größe.py 644': 'x'.repeat(1024),
    'empty 644': '',
  });
});

test('the same files give the same bytes at any time, other files others', () => {
  const before = pack(folder);
  utimesSync(join(folder, 'train.py'), 1, 1);
  const again = pack(folder);
  expect(again.hash).toBe(before.hash);
  expect(readFileSync(again.path).equals(readFileSync(before.path))).toBe(true);
  chmodSync(join(folder, 'train.py'), 0o644);
  const mode = pack(folder).hash;
  writeFileSync(join(folder, 'empty'), ' ');
  expect(new Set([before.hash, mode, pack(folder).hash]).size).toBe(3);
});

test('long paths are split as the format allows, longer ones refused', async () => {
  const deep = join(folder, 'a'.repeat(90), 'b'.repeat(60));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, 'c'.repeat(90)), 'deep');
  const found = await contents(pack(folder).path);
  expect(found[`${'a'.repeat(90)}/${'b'.repeat(60)}/${'c'.repeat(90)} 644`]).toBe('deep');
  writeFileSync(join(deep, 'd'.repeat(101)), '');
  expect(() => pack(folder)).toThrow('is too long for a tar archive');
});

test('links to files are followed, links to folders refused', () => {
  const before = pack(folder).hash;
  symlinkSync(join(folder, 'train.py'), join(folder, 'link.py'));
  expect(pack(folder).hash).not.toBe(before);
  symlinkSync(tmpdir(), join(folder, 'elsewhere'));
  expect(() => pack(folder)).toThrow('is neither a file nor a folder');
});
