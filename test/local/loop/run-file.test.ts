import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusyError, RunFile, RunningLoop } from '../../../local/loop/run-file';

describe('RunFile', () => {
  let folder: string;
  const mine: RunningLoop = { pid: process.pid, awsUrl: 'http://a', sageMakerUrl: 'http://b', keeping: false };
  const write = (run: RunningLoop): void => writeFileSync(join(folder, 'run.json'), JSON.stringify(run));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'modelpress-run-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is claimed once and given back', () => {
    const file = new RunFile(folder);
    expect(file.claim(mine)).toBeUndefined();
    file.release();
    expect(existsSync(join(folder, 'run.json'))).toBe(false);
  });

  test('is taken over from a process that is gone, or whose file is damaged', () => {
    write({ ...mine, pid: spawnSync(process.execPath, ['-e', '']).pid });
    expect(new RunFile(folder).claim(mine)).toBeUndefined();
    writeFileSync(join(folder, 'run.json'), '{"pid":');
    expect(new RunFile(folder).claim(mine)).toBeUndefined();
  });

  test('is not taken from a run at work, but a run that keeps its services up can be joined', () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
    try {
      const run = { ...mine, pid: other.pid ?? 0 };
      write(run);
      expect(() => new RunFile(folder).claim(mine)).toThrow(BusyError);
      expect(() => new RunFile(folder).claim(mine)).toThrow(`process ${other.pid} is already running the loop`);
      write({ ...run, keeping: true });
      expect(new RunFile(folder).claim(mine)).toEqual({ ...run, keeping: true });
      new RunFile(folder).release();
      expect(existsSync(join(folder, 'run.json'))).toBe(true);
    } finally {
      other.kill('SIGKILL');
    }
  });
});
