/** A stretch's next item in the low half of a word, and its end in the high one. */
const HALF = 32n;
const LOW = (1n << HALF) - 1n;

/**
 * Hands out the items of a plan. Each worker has a stretch of its own, because items follow each other in the files that
 * they write, and two workers that write to one file wait for each other. Who is done with his own helps with the longest
 * one left, from its far end.
 *
 * The stretches lie in memory that threads share, so that nobody waits for a thread that is busy.
 */
export class ItemQueue {
  private readonly stretches: BigUint64Array;

  /** A queue over what another one shares. */
  constructor(readonly shared: SharedArrayBuffer) {
    this.stretches = new BigUint64Array(shared);
  }

  static of(items: number, workers: number): ItemQueue {
    const queue = new ItemQueue(new SharedArrayBuffer(workers * BigUint64Array.BYTES_PER_ELEMENT));
    const cut = (worker: number) => Math.round((worker * items) / workers);
    for (let worker = 0; worker < workers; worker++) queue.stretches[worker] = pack(cut(worker), cut(worker + 1));
    return queue;
  }

  /** The next item for a worker; undefined when all are taken. */
  take(worker: number): number | undefined {
    for (;;) {
      const own = Atomics.load(this.stretches, worker);
      if (left(own) === 0) break;
      if (this.change(worker, own, pack(next(own) + 1, end(own)))) return next(own);
    }
    for (;;) {
      const all = Array.from(this.stretches, (_, at) => Atomics.load(this.stretches, at));
      const longest = all.reduce((best, stretch, at) => (left(stretch) > left(all[best]) ? at : best), 0);
      const stretch = all[longest];
      if (left(stretch) === 0) return undefined;
      if (this.change(longest, stretch, pack(next(stretch), end(stretch) - 1))) return end(stretch) - 1;
    }
  }

  /** Answers false when somebody else was faster. */
  private change(at: number, from: bigint, to: bigint): boolean {
    return Atomics.compareExchange(this.stretches, at, from, to) === from;
  }
}

function pack(next: number, end: number): bigint {
  return (BigInt(end) << HALF) | BigInt(next);
}

function next(stretch: bigint): number {
  return Number(stretch & LOW);
}

function end(stretch: bigint): number {
  return Number(stretch >> HALF);
}

function left(stretch: bigint): number {
  return end(stretch) - next(stretch);
}
