import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ModelError } from '../lambda/engine/errors';
import { KNOWN_FAULTS } from './faults';
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

/** Makes all items of a plan on worker threads. Each takes the next item once it is free; the first failure stops all. */
export async function runWorkers(
  setup: WorkerSetup,
  items: number,
  jobs: number,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const workers: Worker[] = [];
  try {
    await Promise.all(
      Array.from({ length: Math.min(jobs, items) }, () => {
        const worker = startWorker(setup);
        workers.push(worker);
        return drive(worker, () => (next < items ? next++ : undefined), onProgress, signal);
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function drive(
  worker: Worker,
  take: () => number | undefined,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
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
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a worker thread ended with code ${code}`)));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
    else give();
  });
}

/** Built, the worker is a bundle beside this one; in a checkout it is TypeScript, which a thread needs help to read. */
function startWorker(setup: WorkerSetup): Worker {
  const built = join(__dirname, 'compress-worker.js');
  if (existsSync(built)) return new Worker(built, { workerData: setup });
  return new Worker(join(__dirname, 'compress-worker.ts'), {
    workerData: setup,
    execArgv: ['--require', createRequire(__filename).resolve('tsx/cjs')],
  });
}
