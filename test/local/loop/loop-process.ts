import { ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../../..');

/** `npm run local` as a process, with what it has printed so far. */
export class LoopProcess {
  output = '';
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--require', 'tsx/cjs', 'local/main.ts', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = (chunk: Buffer): void => void (this.output += chunk.toString());
    this.child.stdout?.on('data', take);
    this.child.stderr?.on('data', take);
    this.exit = new Promise((done) => this.child.once('close', done));
  }

  /** Waits until it has printed this. @throws Error with all its output when it ends before. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    let ended = false;
    void this.exit.then(() => (ended = true));
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (ended) throw new Error(`the loop ended without printing ${pattern}:\n${this.output}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
