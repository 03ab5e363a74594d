/** Entry of a worker thread: makes items of a plan, one at a time, until none is left. */
import { parentPort, workerData } from 'node:worker_threads';
import { FORMATS } from '../lambda/engine/formats';
import { FolderStore } from '../lambda/engine/io/folder-store';
import { kernels } from '../lambda/engine/kernels';
import { readPlan } from '../lambda/engine/plan-store';
import { compressItem } from '../lambda/engine/worker';
import { ItemQueue } from './item-queue';
import { openDestination, openModel } from './open-store';
import { StartRequest, WorkerReport, WorkerSetup } from './worker-messages';

const setup = workerData as WorkerSetup;
const report = (message: WorkerReport) => parentPort!.postMessage(message);

/** How often the work's progress is told, in milliseconds. */
const PROGRESS_MS = 50;
let untold = 0;
let toldAt = 0;

function progressed(bytes: number): void {
  untold += bytes;
  if (Date.now() - toldAt >= PROGRESS_MS) tell();
}

function tell(): void {
  report({ kind: 'progress', bytes: untold });
  untold = 0;
  toldAt = Date.now();
}

async function makeItems({ queue: shared, worker }: StartRequest): Promise<void> {
  const work = new FolderStore(setup.work);
  const plan = await readPlan(work);
  if (plan === undefined) throw new Error(`${setup.work} holds no plan`);
  const places = {
    source: await openModel(setup.source),
    artifact: await openDestination(setup.destination),
    work,
    plan,
    formats: FORMATS,
  };
  const queue = new ItemQueue(shared);
  for (let item = queue.take(worker); item !== undefined; item = queue.take(worker)) {
    await compressItem({ ...places, item, onProgress: progressed });
  }
  tell();
}

// The plan is being made meanwhile.
kernels();

parentPort!.on('message', (request: StartRequest) => {
  makeItems(request).then(
    () => report({ kind: 'done' }),
    (error: Error) => report({ kind: 'failed', name: error.name, message: error.message, stack: error.stack }),
  );
});
