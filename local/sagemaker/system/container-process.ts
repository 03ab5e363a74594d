import { ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';

/** How much of a container's output is kept in memory to explain a failure with, in characters. */
const TAIL_CHARACTERS = 4000;

export interface ContainerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** File that the output is appended to. */
  readonly logFile: string;
  /** Receives every line of output. */
  readonly onLine?: (line: string) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A process that stands for a container. It leads a process group of its own, so that stopping it stops what it
 * started, and it watches its standard input, whose end tells it that this process is gone.
 */
export class ContainerProcess {
  /** Settles when the process has ended and its output is complete. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  private readonly child: ChildProcess;
  private tailText = '';
  private partialLine = '';
  private hasEnded = false;

  constructor(private readonly command: ContainerCommand) {
    mkdirSync(dirname(command.logFile), { recursive: true });
    this.child = spawn(command.program, command.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.on('error', () => undefined);
    this.ended = this.follow();
  }

  get running(): boolean {
    return !this.hasEnded;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** The last output, at most 4000 characters. */
  get tail(): string {
    return this.tailText.trimEnd();
  }

  /** What the process writes to file descriptor 3. */
  get sideChannel(): Readable {
    return this.child.stdio[3] as Readable;
  }

  /** Sends SIGTERM to the group and SIGKILL to what is left of it after so many seconds; waits for the end. */
  async stop(graceSeconds: number): Promise<ProcessEnd> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceSeconds * 1000);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  private async follow(): Promise<ProcessEnd> {
    const log = createWriteStream(this.command.logFile, { flags: 'a' });
    log.on('error', () => undefined);
    const take = (text: string): void => {
      log.write(text);
      this.tailText = (this.tailText + text).slice(-TAIL_CHARACTERS);
      const lines = (this.partialLine + text).split(/\r?\n/);
      this.partialLine = lines.pop()!.slice(-TAIL_CHARACTERS);
      lines.forEach((line) => this.command.onLine?.(line));
    };
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.setEncoding('utf8').on('data', take);
    const end = await new Promise<ProcessEnd>((resolve) => {
      this.child.once('error', (error) => {
        take(`${this.command.program} cannot be started: ${error.message}\n`);
        resolve({ code: 127, signal: null });
      });
      // A grandchild may keep the pipes open: what the group's leader leaves behind goes with it.
      this.child.once('exit', () => this.signal('SIGKILL', true));
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.hasEnded = true;
    if (this.partialLine !== '') this.command.onLine?.(this.partialLine);
    await new Promise<void>((resolve) => log.end(resolve));
    return end;
  }

  private signal(signal: NodeJS.Signals, evenIfExited = false): void {
    if (this.child.pid === undefined || (this.hasEnded && !evenIfExited)) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      // The group is gone already (ESRCH), or on macOS only a zombie is left of it (EPERM).
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}
