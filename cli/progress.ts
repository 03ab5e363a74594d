import { formatBytes, Output } from './terminal';

const REDRAW_MS = 100;

/** Shows how far a build is: a bar that is drawn over for a person, a line every tenth for a log. */
export class Progress {
  private readonly started = Date.now();
  private done = 0;
  private drawn = 0;
  private lastTenth = 0;

  constructor(
    private readonly output: Output,
    private readonly total: number,
  ) {}

  add(bytes: number): void {
    this.done += bytes;
    if (this.output.isTTY) {
      if (Date.now() - this.drawn >= REDRAW_MS) this.draw();
      return;
    }
    const tenth = Math.floor((10 * this.done) / Math.max(1, this.total));
    if (tenth <= this.lastTenth) return;
    this.lastTenth = tenth;
    this.output.write(`${this.describe()}\n`);
  }

  /** Ends the bar's line. */
  end(): void {
    if (!this.output.isTTY) return;
    this.draw();
    this.output.write('\n');
  }

  private draw(): void {
    this.drawn = Date.now();
    const share = Math.min(1, this.done / Math.max(1, this.total));
    const text = ` ${this.describe()}`;
    const width = Math.max(10, Math.min(40, (this.output.columns ?? 80) - text.length - 3));
    const filled = Math.round(share * width);
    this.output.write(`\r[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]${text}\u001b[K`);
  }

  private describe(): string {
    const seconds = (Date.now() - this.started) / 1000;
    const percent = Math.floor((100 * Math.min(this.done, this.total)) / Math.max(1, this.total));
    return `${percent}% ${formatBytes(this.done)} of ${formatBytes(this.total)}, ${formatBytes(Math.round(this.done / Math.max(0.001, seconds)))}/s`;
  }
}
