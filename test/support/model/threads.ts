import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** Something that goes on by itself, from one point to the next. */
export class Thread {
  readonly waiting: { readonly go: () => void; readonly fail: (error: Error) => void }[] = [];
  isDone = false;
  /** Nothing of it happens any more. */
  isStopped = false;
  /** It only looks whether others have gone on, so it is not worth a step before they have. */
  isAsleep = false;
  /** How many points it has passed. */
  steps = 0;
  /** At which step of all it passed the last one. */
  ran = -1;

  constructor(readonly name: string) {}

  /** Ends it where it stands, as the end of its process would: memory that it shares with others is free again. */
  stop(): void {
    this.isStopped = true;
    for (const { fail } of this.waiting.splice(0)) fail(new Error(`${this.name} was cut off`));
  }

  get isRunnable(): boolean {
    return this.waiting.length > 0 && !this.isStopped;
  }
}

/** Which of the threads goes on; `last` is the one that did before. */
export type Choose = (runnable: readonly Thread[], last: Thread | undefined, step: number) => Thread;

/** Threads of which one at a time goes on, in an order that the test decides. */
export class Threads {
  /** One for all: each that was ever used costs every promise of the process from then on. */
  private static readonly current = new AsyncLocalStorage<Thread>();
  private readonly all: Thread[] = [];

  /** The thread that this code runs in. */
  get own(): Thread | undefined {
    return Threads.current.getStore();
  }

  start(name: string, body: () => Promise<unknown>): Thread {
    const thread = new Thread(name);
    this.all.push(thread);
    Threads.current.run(thread, () => void body().finally(() => (thread.isDone = true)));
    return thread;
  }

  /** A place where other threads may go first. */
  async point(): Promise<void> {
    const thread = this.own;
    if (thread?.isStopped === true) throw new Error(`${thread.name} was cut off`);
    if (thread !== undefined) await new Promise<void>((go, fail) => thread.waiting.push({ go, fail }));
  }

  /**
   * Lets threads go on until all are done or stopped.
   *
   * @param after is called when a thread has come from one point to the next
   */
  async run(choose: Choose, after: (thread: Thread) => void = () => undefined): Promise<void> {
    let last: Thread | undefined;
    for (let step = 0; ; step++) {
      await this.settle();
      if (last !== undefined) after(last);
      // One that only looked has changed nothing that others wait for.
      if (last?.isAsleep === false) for (const other of this.all) other.isAsleep = false;
      const runnable = this.all.filter((thread) => thread.isRunnable);
      if (runnable.length === 0) return;
      const next = choose(runnable, last, step);
      last = next;
      next.isAsleep = false;
      next.ran = step;
      next.steps++;
      next.waiting.shift()!.go();
    }
  }

  /** Until every thread stands at a point. */
  private async settle(): Promise<void> {
    do await turn();
    while (this.all.some((thread) => !thread.isDone && !thread.isStopped && thread.waiting.length === 0));
    // What one of several calls at once has set going.
    await turn();
  }
}

/** Stays with a thread as long as there is something to do in it. */
export const inOrder: Choose = (runnable, last) => {
  const awake = runnable.filter(({ isAsleep }) => !isAsleep);
  if (last !== undefined && awake.includes(last)) return last;
  return awake[0] ?? runnable.reduce((one, other) => (other.ran < one.ran ? other : one));
};

/** Chooses at random, and the same at every run with the same seed. */
export function atRandom(seed: number): Choose {
  let state = seed;
  return (runnable) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return runnable[Math.floor((state / 2 ** 32) * runnable.length)];
  };
}

/** At these steps another thread goes on than `inOrder` would have it. */
export type Switches = ReadonlyMap<number, string>;

/**
 * Runs every schedule with at most `most` switches. `run` makes everything anew and runs it with the choice it is given.
 *
 * @returns how many schedules there were
 */
export async function explore(
  most: number,
  run: (choose: Choose, switches: Switches) => Promise<void>,
): Promise<number> {
  let count = 0;
  const visit = async (switches: Switches): Promise<void> => {
    const others: string[][] = [];
    count++;
    await run((runnable, last, step) => {
      const usual = inOrder(runnable, last, step);
      others[step] = runnable.filter((thread) => thread !== usual && !thread.isAsleep).map(({ name }) => name);
      return runnable.find(({ name }) => name === switches.get(step)) ?? usual;
    }, switches);
    if (switches.size === most) return;
    const first = Math.max(-1, ...switches.keys()) + 1;
    for (let step = first; step < others.length; step++)
      for (const name of others[step]) await visit(new Map([...switches, [step, name]]));
  };
  await visit(new Map());
  return count;
}

/** Has the thread of that name go last where `choose` has a choice. */
export const goingLast =
  (name: string, choose: Choose): Choose =>
  (runnable, last, step) =>
    choose(
      [...runnable].sort((a, b) => Number(a.name === name) - Number(b.name === name)),
      last,
      step,
    );

/** Has one thread, once it is there, go on as long as it has something to do. */
export const goingFirst =
  (first: () => Thread | undefined): Choose =>
  (runnable, last, step) =>
    runnable.find((thread) => thread === first() && !thread.isAsleep) ?? inOrder(runnable, last, step);
