/** Entry of a worker thread: makes items of a plan, one at a time, as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { FORMATS } from '../lambda/engine/formats';
import { FolderStore } from '../lambda/engine/io/folder-store';
import { ModelSource, ObjectStore } from '../lambda/engine/io/object-store';
import { kernels } from '../lambda/engine/kernels';
import { Plan } from '../lambda/engine/plan';
import { readPlan } from '../lambda/engine/plan-store';
import { compressItem } from '../lambda/engine/worker';
import { openDestination, openModel } from './open-store';
import { ItemRequest, WorkerReport, WorkerSetup } from './worker-messages';

const setup = workerData as WorkerSetup;
const report = (message: WorkerReport) => parentPort!.postMessage(message);

async function prepare(): Promise<{ source: ModelSource; artifact: ObjectStore; work: ObjectStore; plan: Plan }> {
  const work = new FolderStore(setup.work);
  const plan = await readPlan(work);
  if (plan === undefined) throw new Error(`${setup.work} holds no plan`);
  return {
    source: await openModel(setup.source),
    artifact: await openDestination(setup.destination),
    work,
    plan,
  };
}

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

let prepared: ReturnType<typeof prepare> | undefined;

// The plan is being made meanwhile; the first item is asked for once it is there.
kernels();

parentPort!.on('message', ({ item }: ItemRequest) => {
  prepared ??= prepare();
  prepared
    .then((places) => compressItem({ ...places, item, formats: FORMATS, onProgress: progressed }))
    .then(
      () => {
        tell();
        report({ kind: 'done' });
      },
      (error: Error) => report({ kind: 'failed', name: error.name, message: error.message, stack: error.stack }),
    );
});
