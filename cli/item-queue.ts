/**
 * Hands out the items of a plan. Each worker has a stretch of its own, because items follow each other in the files that
 * they write, and two workers that write to one file wait for each other. Who is done with his own helps with the longest
 * one left, from its far end.
 */
export class ItemQueue {
  private readonly stretches: { next: number; end: number }[];

  constructor(items: number, workers: number) {
    const cut = (worker: number) => Math.round((worker * items) / workers);
    this.stretches = Array.from({ length: workers }, (_, worker) => ({ next: cut(worker), end: cut(worker + 1) }));
  }

  /** The next item for a worker; undefined when all are taken. */
  take(worker: number): number | undefined {
    const own = this.stretches[worker];
    if (own.next < own.end) return own.next++;
    const longest = this.stretches.reduce((a, b) => (b.end - b.next > a.end - a.next ? b : a));
    return longest.next < longest.end ? --longest.end : undefined;
  }
}
