import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ModelError } from '../lambda/engine/errors';
import { KNOWN_FAULTS } from './faults';
import { ItemQueue } from './item-queue';
import { WorkerReport, WorkerSetup } from './worker-messages';

/** A fault that a worker thread met, with the name that it had there. */
class WorkerFault extends ModelError {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** Threads that make the items of a plan. They load while the plan is being made. */
export class WorkerPool {
  private readonly workers: readonly Worker[];
  /** Rejects when a thread ends or fails before it is told to. */
  private readonly broken: Promise<never>;

  constructor(setup: WorkerSetup, size: number) {
    this.workers = Array.from({ length: size }, () => startWorker(setup));
    this.broken = new Promise((_, reject) => {
      for (const worker of this.workers) {
        worker.on('error', reject);
        worker.on('exit', (code) => reject(new Error(`a worker thread ended with code ${code}`)));
      }
    });
    // Told by run(); a thread may break, or be closed, without it.
    this.broken.catch(() => undefined);
  }

  /** Makes all items. Each thread takes the next one once it is free; the first failure stops all. */
  async run(items: number, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    const used = this.workers.slice(0, items);
    const queue = new ItemQueue(items, used.length);
    const done = Promise.all(used.map((worker, index) => drive(worker, () => queue.take(index), onProgress)));
    await Promise.race([done, this.broken, stopped]);
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function drive(worker: Worker, take: () => number | undefined, onProgress: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => {
      const item = take();
      if (item === undefined) resolve();
      else worker.postMessage({ item });
    };
    worker.on('message', (report: WorkerReport) => {
      if (report.kind === 'progress') onProgress(report.bytes);
      else if (report.kind === 'done') give();
      else if (KNOWN_FAULTS.includes(report.name)) reject(new WorkerFault(report.name, report.message));
      else reject(Object.assign(new Error(report.message), { stack: report.stack }));
    });
    give();
  });
}

/** Of a thread's young objects: those of a worker live for a chunk, and more room would only fill with garbage. */
const LIMITS = { maxYoungGenerationSizeMb: 3 };

/** Built, the worker is a bundle beside this one; in a checkout it is TypeScript, which a thread needs help to read. */
function startWorker(setup: WorkerSetup): Worker {
  const options = { workerData: setup, resourceLimits: LIMITS };
  const built = join(__dirname, 'compress-worker.js');
  if (existsSync(built)) return new Worker(built, options);
  const execArgv = ['--require', createRequire(__filename).resolve('tsx/cjs')];
  return new Worker(join(__dirname, 'compress-worker.ts'), { ...options, execArgv });
}
