import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython, NoPythonError, objection, PythonFacts } from '../../../local/python/find-python';

const good: Omit<PythonFacts, 'command'> = {
  executable: '/somewhere/python3',
  version: [3, 12, 4],
  canMakeEnvironments: true,
  machine: 'x86_64',
  system: 'Linux',
  libc: 'glibc',
  bits: 64,
};

describe('findPython', () => {
  let folder: string;
  let path: string | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'modelpress-python-'));
    path = process.env.PATH;
    process.env.PATH = folder;
  });

  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true, force: true });
  });

  const install = (name: string, facts: Partial<PythonFacts>): string => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\necho '${JSON.stringify({ ...good, executable: file, ...facts })}'\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const message = (): string => {
    try {
      findPython(undefined);
    } catch (error) {
      expect(error).toBeInstanceOf(NoPythonError);
      return (error as Error).message;
    }
    throw new Error('a Python was found');
  };

  test('takes python3 when it fits', () => {
    const file = install('python3', {});
    install('python3.13', { version: [3, 13, 0] });
    expect(findPython(undefined)).toMatchObject({ command: 'python3', executable: file });
  });

  test('takes another version when python3 is too old', () => {
    install('python3', { version: [3, 9, 18] });
    install('python3.11', { version: [3, 11, 7] });
    expect(findPython(undefined)).toMatchObject({ command: 'python3.11', version: [3, 11, 7] });
  });

  test('says that there is none, and what to install', () => {
    expect(message()).toMatch(/Python 3\.10 to 3\.13 is needed.*Found none\.\nInstall one/s);
  });

  test('names every Python it found and why it does not fit', () => {
    install('python3', { version: [3, 14, 1] });
    install('python', { version: [2, 7, 18] });
    expect(message()).toMatch(/python3 is Python 3\.14\.1: too new.*\n.*python is Python 2\.7\.18: too old/);
  });

  test('tells how to get a missing venv module', () => {
    install('python3', { version: [3, 11, 2], canMakeEnvironments: false });
    expect(message()).toContain('apt install python3.11-venv');
  });

  test('considers only the one that was chosen', () => {
    install('python3', {});
    const chosen = install('mine', { version: [3, 10, 0] });
    expect(findPython(chosen).executable).toBe(chosen);
    expect(() => findPython(join(folder, 'absent'))).toThrow(
      /MODELPRESS_PYTHON_BASE=.*absent is not a usable Python.*does not run/s,
    );
  });

  test('asks the real interpreter of this machine', () => {
    process.env.PATH = path;
    const python = findPython();
    expect(python.version[0]).toBe(3);
    expect(python.canMakeEnvironments).toBe(true);
  });
});

describe('objection', () => {
  test.each<[string, Partial<PythonFacts>, RegExp]>([
    ['Intel Macs', { system: 'Darwin', machine: 'x86_64', libc: '' }, /Apple silicon only/],
    ['musl', { libc: '' }, /without glibc/],
    ['32 bits', { bits: 32 }, /32-bit build/],
    ['3.9', { version: [3, 9, 0] }, /too old/],
    ['3.14', { version: [3, 14, 0] }, /too new/],
  ])('refuses %s', (_, facts, reason) => {
    expect(objection({ command: 'python3', ...good, ...facts })).toMatch(reason);
  });

  test('takes Apple silicon and Linux on ARM', () => {
    expect(objection({ command: 'python3', ...good, system: 'Darwin', machine: 'arm64', libc: '' })).toBeUndefined();
    expect(objection({ command: 'python3', ...good, machine: 'aarch64' })).toBeUndefined();
  });
});
