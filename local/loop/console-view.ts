import { ExecutionWatcher } from '../../executions/follow-execution';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const NAME_WIDTH = 30;

/** What `ConsoleView` writes to; a terminal gets a live line, anything else plain lines. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows what runs: one line for each state or step when it ends, and on a terminal a live one while it runs. */
export class ConsoleView implements ExecutionWatcher {
  private current: { readonly name: string; readonly since: number } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private frame = 0;

  constructor(private readonly output: Output = process.stdout) {}

  /** A line of text, above the live line. */
  line(text = ''): void {
    this.clear();
    this.output.write(`${text}\n`);
  }

  heading(text: string): void {
    this.line(`\n${text}`);
  }

  entered(state: string): void {
    this.current = { name: state, since: Date.now() };
    if (!this.output.isTTY) return;
    this.timer ??= setInterval(() => this.draw(), 100);
    this.timer.unref();
    this.draw();
  }

  exited(state: string, seconds: number): void {
    this.finish('✓', state, seconds);
  }

  failed(state: string, seconds: number): void {
    this.finish('✗', state, seconds);
  }

  /** Runs a step of the loop itself and shows it like a state. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    this.entered(name);
    try {
      const result = await work();
      this.exited(name, (Date.now() - started) / 1000);
      return result;
    } catch (error) {
      this.failed(name, (Date.now() - started) / 1000);
      throw error;
    }
  }

  /** Removes the live line for good. */
  close(): void {
    this.clear();
    clearInterval(this.timer);
    this.timer = undefined;
    this.current = undefined;
  }

  private finish(mark: string, name: string, seconds: number): void {
    if (this.current?.name === name) this.close();
    this.line(`  ${mark} ${name.padEnd(NAME_WIDTH)} ${seconds.toFixed(1).padStart(6)} s`);
  }

  private draw(): void {
    if (this.current === undefined) return;
    this.frame = (this.frame + 1) % FRAMES.length;
    const seconds = ((Date.now() - this.current.since) / 1000).toFixed(1);
    this.output.write(
      `\r\x1b[2K  ${FRAMES[this.frame]} ${this.current.name.padEnd(NAME_WIDTH)} ${seconds.padStart(6)} s`,
    );
  }

  private clear(): void {
    if (this.output.isTTY && this.current !== undefined) this.output.write('\r\x1b[2K');
  }
}
