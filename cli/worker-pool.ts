import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { ModelError } from '../lambda/engine/errors';
import { compressItem, WorkRequest } from '../lambda/engine/worker';
import { KNOWN_FAULTS } from './faults';
import { ItemQueue } from './item-queue';
import { StartRequest, WorkerReport, WorkerSetup } from './worker-messages';

/** A fault that a worker thread met, with the name that it had there. */
class WorkerFault extends ModelError {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * From now on V8 optimizes only what runs for milliseconds. The work is in kernels, which this does not concern; what drives
 * them costs each thread more to optimize, on V8's own threads beside it, than it takes itself. Later versions of V8 do not
 * have this flag, and say so on the terminal.
 */
function optimizeLate(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=2000000');
}

/**
 * This thread's young objects keep the room that they have, as those of the other threads do: more would only fill with
 * garbage. Later versions of V8 are not told, because they may not have the flag.
 */
function keepYoungSmall(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--semi-space-growth-factor=1');
}

/** Who makes the items of a plan: this thread, and others that load while it makes the plan. */
export class WorkerPool {
  private readonly threads: readonly Worker[];
  /** Rejects when a thread ends or fails before it is told to. */
  private readonly broken: Promise<never>;

  /** @param size workers, this thread among them */
  constructor(setup: WorkerSetup, size: number) {
    this.threads = Array.from({ length: size - 1 }, () => startThread(setup));
    this.broken = new Promise((_, reject) => {
      for (const thread of this.threads) {
        thread.on('error', reject);
        thread.on('exit', (code) => reject(new Error(`a worker thread ended with code ${code}`)));
      }
    });
    // Told by run(); a thread may break, or be closed, without it.
    this.broken.catch(() => undefined);
  }

  /** Makes all items. Each worker takes the next one once it is free; the first failure stops all. */
  async run(
    items: number,
    places: Omit<WorkRequest, 'item' | 'onProgress'>,
    onProgress: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    optimizeLate();
    keepYoungSmall();
    const stop = new AbortController();
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    const threads = this.threads.slice(0, Math.max(0, items - 1));
    const queue = ItemQueue.of(items, threads.length + 1);
    const theirs = threads.map((thread, at) => drive(thread, { queue: queue.shared, worker: at + 1 }, onProgress));
    const own = this.makeItems(queue, places, onProgress, stop.signal);
    try {
      await Promise.race([Promise.all([own, ...theirs]), this.broken, stopped]);
    } finally {
      stop.abort();
      // What this thread is at must not go on while a build that failed is cleared away.
      await own.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private async makeItems(
    queue: ItemQueue,
    places: Omit<WorkRequest, 'item' | 'onProgress'>,
    onProgress: (bytes: number) => void,
    stop: AbortSignal,
  ): Promise<void> {
    const progressed = async (bytes: number) => {
      onProgress(bytes);
      // Work on files waits for nothing: signals and the threads' reports come in between.
      await turn();
      stop.throwIfAborted();
    };
    for (let item = queue.take(0); item !== undefined; item = queue.take(0)) {
      await compressItem({ ...places, item, onProgress: progressed });
    }
  }
}

function drive(thread: Worker, start: StartRequest, onProgress: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.on('message', (report: WorkerReport) => {
      if (report.kind === 'progress') onProgress(report.bytes);
      else if (report.kind === 'done') resolve();
      else if (KNOWN_FAULTS.includes(report.name)) reject(new WorkerFault(report.name, report.message));
      else reject(Object.assign(new Error(report.message), { stack: report.stack }));
    });
    thread.postMessage(start);
  });
}

/** Of a thread's young objects: those of a worker live for a chunk, and more room would only fill with garbage. */
const LIMITS = { maxYoungGenerationSizeMb: 3 };

/** Built, the worker is a bundle beside this one; in a checkout it is TypeScript, which a thread needs help to read. */
function startThread(setup: WorkerSetup): Worker {
  const options = { workerData: setup, resourceLimits: LIMITS };
  const built = join(__dirname, 'compress-worker.js');
  if (existsSync(built)) return new Worker(built, options);
  const execArgv = ['--require', createRequire(__filename).resolve('tsx/cjs')];
  return new Worker(join(__dirname, 'compress-worker.ts'), { ...options, execArgv });
}
