import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning } from '../../cli/is-running';

/** What a run tells others about itself, in `run.json` of the state folder. */
export interface RunningLoop {
  readonly pid: number;
  readonly awsUrl: string;
  readonly sageMakerUrl: string;
  /** Whether it has finished its work and only keeps its services up. */
  readonly keeping: boolean;
}

/** Another run is at work in the same state folder. */
export class BusyError extends Error {
  override readonly name = 'Busy';
}

/** The claim on a state folder: two runs must not change the same stack at the same time. */
export class RunFile {
  private readonly file: string;

  constructor(stateDir: string) {
    this.file = join(stateDir, 'run.json');
  }

  /**
   * Claims the folder.
   *
   * @returns `undefined` if it is ours now, or the run that keeps its services up and can be used.
   * @throws BusyError if another run is in the middle of its work.
   */
  claim(mine: RunningLoop): RunningLoop | undefined {
    mkdirSync(dirname(this.file), { recursive: true });
    for (;;) {
      try {
        writeFileSync(this.file, JSON.stringify(mine), { flag: 'wx' });
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const other = this.read();
      if (other !== undefined && isLoop(other.pid)) {
        if (other.keeping) return other;
        throw new BusyError(
          `process ${other.pid} is already running the loop in ${dirname(this.file)}; wait for it, stop it, or choose another --state-dir`,
        );
      }
      rmSync(this.file, { force: true });
    }
  }

  update(mine: RunningLoop): void {
    writeFileSync(this.file, JSON.stringify(mine));
  }

  release(): void {
    if (this.read()?.pid === process.pid) rmSync(this.file, { force: true });
  }

  private read(): RunningLoop | undefined {
    try {
      return JSON.parse(readFileSync(this.file, 'utf8')) as RunningLoop;
    } catch {
      return undefined;
    }
  }
}

/** A process id is used again after a while, so the command behind it counts too. */
function isLoop(pid: number): boolean {
  if (pid === process.pid || !isRunning(pid)) return false;
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout === null || /node|tsx/.test(stdout);
}
