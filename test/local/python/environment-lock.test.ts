import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '../../../cli/is-running';
import { withLock } from '../../../local/python/environment-lock';

describe('withLock', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'modelpress-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('takes over the lock of a process that is gone', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    expect(isRunning(gone)).toBe(false);
    const file = join(folder, 'lock');
    writeFileSync(file, String(gone));
    await expect(
      withLock(
        file,
        () => undefined,
        async () => 'done',
      ),
    ).resolves.toBe('done');
    expect(existsSync(file)).toBe(false);
  });

  test('gives the lock back when the work fails', async () => {
    const file = join(folder, 'lock');
    await expect(
      withLock(
        file,
        () => undefined,
        () => Promise.reject(new Error('broken')),
      ),
    ).rejects.toThrow('broken');
    expect(existsSync(file)).toBe(false);
  });
});
