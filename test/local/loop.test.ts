import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './loop/command-line';
import { failures } from './loop/failures';
import { firstRun } from './loop/first-run';
import { furtherRuns } from './loop/further-runs';
import { LoopProcess } from './loop/loop-process';
import { TestLoop } from './loop/test-loop';

/** The whole loop, started once for all that is shown of it: a start takes as long as most of what follows. */
describe('npm run local', () => {
  let loop: TestLoop;
  beforeAll(async () => (loop = await TestLoop.start()));
  afterAll(() => loop.close());

  describe('the first run', () => firstRun(() => loop));
  describe('the command line', () => commandLine(() => loop));
  describe('what goes wrong', () => failures(() => loop));
  describe('further runs', () => furtherRuns(() => loop));

  test('a port in use stops the loop at once', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const elsewhere = mkdtempSync(join(tmpdir(), 'modelpress-port-'));
    try {
      const second = new LoopProcess(['--state-dir', elsewhere, '--port', String(port)]);
      expect(await second.exit).toBe(1);
      expect(second.output).toContain(`port ${port} is in use by another program`);
    } finally {
      other.close();
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  test('bad usage ends with 2', async () => {
    const second = new LoopProcess(['--recipe', 'int7']);
    expect(await second.exit).toBe(2);
    expect(second.output).toMatch(/received: "int7"[^]*usage: npm run local/);
  });

  test('Ctrl-C stops everything, and the next run updates what is there', async () => {
    loop.process.signal('SIGINT');
    expect(await loop.process.exit).toBe(130);
    const { stdout } = spawnSync('ps', ['-eo', 'pid,command'], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line.includes(loop.stateDir))).toEqual([]);
    expect(existsSync(join(loop.stateDir, 'run.json'))).toBe(false);

    loop.process = loop.run('--recipe', 'fp16');
    expect(await loop.process.exit).toBe(0);
    expect(loop.process.output).toMatch(/^Endpoint: \S+, updated, InService$/m);
    const [, ratio] = /size .* ([\d.]+)x smaller/.exec(loop.process.output) ?? [];
    expect(Number(ratio)).toBeGreaterThan(1.8);
    const left = spawnSync('ps', ['-eo', 'pid,command'], { encoding: 'utf8' }).stdout;
    expect(left.split('\n').filter((line) => line.includes(loop.stateDir))).toEqual([]);
  });
});
