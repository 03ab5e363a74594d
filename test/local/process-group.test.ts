import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessGroup } from '../../local/process-group';

const CHILDREN = 8;

/** A leader that ends on SIGTERM and leaves its children, which hold enough memory to take a while to die. */
const LEADER = `
  const { spawn } = require('node:child_process');
  const CHILD = 'process.on("SIGTERM", () => 0); const b = Buffer.alloc(6e7, 1); console.log(process.pid); setInterval(() => b, 1e6)';
  for (let i = 0; i < ${CHILDREN}; i++) spawn(process.execPath, ['-e', CHILD], { stdio: ['ignore', 'inherit', 'inherit'] });
  process.on('SIGTERM', () => process.exit(0));
  setInterval(() => 0, 1e6);
`;

/** Which of the processes are there. A zombie is not: it holds nothing, and waits for whoever reaps orphans here. */
function running(pids: readonly number[]): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=,stat=', '-p', pids.join(',')], { encoding: 'utf8' });
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return pids.filter((pid) => lines.some(([id, state]) => Number(id) === pid && !state.startsWith('Z')));
}

describe('ProcessGroup', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'modelpress-group-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('when stop() resolves, no process of the group is left', async () => {
    const logFile = join(folder, 'log');
    const group = new ProcessGroup({ command: process.execPath, args: ['-e', LEADER], env: process.env, logFile });
    const pids = (): number[] => readFileSync(logFile, 'utf8').split('\n').filter(Boolean).map(Number);
    const log = watch(logFile);
    while (pids().length < CHILDREN) await once(log, 'change');
    log.close();
    expect(running(pids())).toHaveLength(CHILDREN);

    await group.stop();
    expect(running(pids())).toEqual([]);
    await group.stop();
  }, 60_000);

  test('a command that cannot be started has nothing to stop', async () => {
    const group = new ProcessGroup({ command: join(folder, 'none'), args: [], env: {}, logFile: join(folder, 'log') });
    expect(await group.exited).toBeNull();
    await group.stop();
    expect(group.running).toBe(false);
  });
});
