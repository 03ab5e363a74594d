import { ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessGroupOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** File that stdout and stderr are written to; replaced at each start. */
  readonly logFile: string;
}

/** Milliseconds that a process gets to end by itself before it is killed. */
const GRACE = 8000;
/** Milliseconds to wait for killed processes to leave the system; where nobody reaps orphans, they never do. */
const BURIAL = 5000;

/**
 * A process that leads a group of its own: Ctrl-C in the terminal does not reach it, so that this program decides the
 * order in which things stop, and whatever it started in turn is ended with it. Its standard input stays open for as
 * long as this program lives, which lets the process notice even a killed parent.
 */
export class ProcessGroup {
  /** Resolves with the exit code, or `null` after a signal or when the command could not be started. */
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;
  private ended = false;

  constructor(options: ProcessGroupOptions) {
    mkdirSync(dirname(options.logFile), { recursive: true });
    const log = openSync(options.logFile, 'w');
    try {
      this.child = spawn(options.command, options.args, {
        env: options.env,
        cwd: options.cwd,
        detached: true,
        stdio: ['pipe', log, log],
      });
    } finally {
      closeSync(log);
    }
    this.exited = new Promise((resolve) => {
      this.child.once('error', () => resolve(null));
      this.child.once('exit', (code) => resolve(code));
    }).then((code) => {
      this.ended = true;
      return code as number | null;
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Whether the leading process is still there. */
  get running(): boolean {
    return !this.ended;
  }

  /** Asks the leading process to end, waits, then ends what is left of the group and waits for it. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.ended) {
      this.signal('SIGTERM', false);
      await Promise.race([this.exited, sleep(GRACE, undefined, { ref: false })]);
    }
    this.kill();
    if (this.child.pid === undefined) return;
    await this.exited;
    // A killed process is still there for a moment, and holds its ports and files as long.
    for (const end = Date.now() + BURIAL; this.isPopulated() && Date.now() < end;) await sleep(10);
  }

  /** Ends the whole group at once, without waiting; for the last moment of this program. */
  kill(): void {
    this.signal('SIGKILL', true);
  }

  private isPopulated(): boolean {
    try {
      return process.kill(-this.child.pid!, 0);
    } catch {
      return false;
    }
  }

  private signal(signal: NodeJS.Signals, group: boolean): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(group ? -this.child.pid : this.child.pid, signal);
    } catch {
      return;
    }
  }
}
