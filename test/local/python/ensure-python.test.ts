import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePython } from '../../../local/python/ensure-python';

describe('ensurePython', () => {
  let root: string;
  let requirements: { local: string; test: string };
  let lines: string[];

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'modelpress-venv-'));
    requirements = { local: join(root, 'local.txt'), test: join(root, 'test.txt') };
    writeFileSync(requirements.local, '# nothing\n');
    writeFileSync(requirements.test, '# nothing either\n');
  });
  beforeEach(() => {
    lines = [];
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const ensure = (withTestPeers = false): Promise<{ python: string }> =>
    ensurePython({ root, requirements, withTestPeers, imports: ['json'], report: (line) => lines.push(line) });
  const marker = (name: string): string => join(root, '.venv', `modelpress-${name}.installed`);

  test('leaves no marker behind when installing fails, and says what pip said', async () => {
    writeFileSync(requirements.local, './no-such-package\n');
    await expect(ensure()).rejects.toThrow(/-m pip install .*no-such-package/s);
    expect(existsSync(marker('local'))).toBe(false);
    writeFileSync(requirements.local, '# nothing\n');
  });

  test('installs once, even when two ask at the same time', async () => {
    const [first, second] = await Promise.all([ensure(), ensure()]);
    expect(first).toEqual(second);
    expect(lines.filter((line) => line.includes(`installing into ${join(root, '.venv')} `))).toHaveLength(1);
    expect(lines.filter((line) => line.includes(`process ${process.pid} is installing it, waiting`))).toHaveLength(1);
    expect(spawnSync(first.python, ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' }).stdout.trim()).toBe(
      join(root, '.venv'),
    );
  });

  test('says and does nothing the second time', async () => {
    await ensure();
    expect(lines).toEqual([]);
  });

  test('adds the test peers to what is there', async () => {
    await ensure(true);
    expect(lines.some((line) => line.includes(`installing into ${join(root, '.venv')} `))).toBe(false);
    expect(existsSync(marker('test'))).toBe(true);
  });

  test('installs again after an interrupted installation', async () => {
    rmSync(marker('local'));
    await ensure();
    expect(lines.some((line) => line.includes(`installing into ${join(root, '.venv')} `))).toBe(true);
    expect(existsSync(marker('test'))).toBe(false);
  });

  test('installs again when the requirements have changed', async () => {
    writeFileSync(requirements.local, '# nothing, differently\n');
    await ensure();
    expect(lines.some((line) => line.includes(`installing into ${join(root, '.venv')} `))).toBe(true);
  });
});
