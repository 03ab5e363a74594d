import { AsyncLocalStorage } from 'node:async_hooks';

/** What becomes of a call of a function, besides that it answers. */
export interface Mishap {
  /** What Step Functions is told. */
  readonly error: Error;
  /** Whether the function goes on all the same, unseen. Otherwise it is cut off before the change with this number, from 0. */
  readonly goesOn?: true;
  readonly before?: number;
}

/** One call of a function, which may be cut off in its middle, as Lambda does at the end of its time or memory. */
export class Invocation {
  private static readonly current = new AsyncLocalStorage<Invocation>();

  /** The call that this code runs in. */
  static get own(): Invocation | undefined {
    return Invocation.current.getStore();
  }

  private changes = 0;
  private isCutOff = false;

  constructor(private readonly mishap: Mishap | undefined) {}

  async run(task: () => unknown): Promise<unknown> {
    const answer = await Invocation.current.run(this, async () => {
      try {
        return await task();
      } catch (error) {
        if (this.isCutOff) return undefined;
        throw error;
      }
    });
    if (this.isCutOff) throw this.mishap!.error;
    return answer;
  }

  /**
   * Before any call of a service. None of a function that is cut off reaches the service any more, those of its error
   * handling included; the code itself comes to its end, as memory that it shares with others has to be free again.
   */
  check(isChange: boolean): void {
    if (isChange && this.mishap?.before === this.changes++) this.isCutOff = true;
    if (this.isCutOff) throw new Error('the function was cut off');
  }
}
