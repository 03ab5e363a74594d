import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConflictError } from '../lambda/engine/errors';
import { abandonBuild, finalizeBuild } from '../lambda/engine/finalizer';
import { FORMATS } from '../lambda/engine/formats';
import { FolderStore } from '../lambda/engine/io/folder-store';
import { Manifest } from '../lambda/engine/manifest';
import { Plan } from '../lambda/engine/plan';
import { planBuild } from '../lambda/engine/planner';
import { readPlan } from '../lambda/engine/plan-store';
import { VERSION } from '../lambda/support/version';
import { Command } from './arguments';
import { claimDestination } from './destination-lock';
import { onInterrupt } from './interrupt';
import { openDestination, openModel } from './open-store';
import { Progress } from './progress';
import { formatBytes, Terminal } from './terminal';
import { WorkerPool } from './worker-pool';

/** Source bytes of one worker's turn: small enough that all cores end at about the same time. */
const MAX_ITEM_BYTES = 64 << 20;
const MIN_ITEM_BYTES = 16 << 20;
/** Turns that each worker should get at least; a tensor that is no more than one is not cut. */
const TURNS = 16;

type CompressCommand = Extract<Command, { name: 'compress' }>;

/** Compresses a model on this machine, with the engine that Lambda runs. A failed or interrupted run leaves nothing. */
export async function compress(command: CompressCommand, terminal: Terminal): Promise<void> {
  const started = Date.now();
  const source = await openModel(command.source);
  const artifact = await openDestination(command.destination);
  if ((await artifact.list()).length > 0) {
    throw new ConflictError(
      `${artifact.root}: holds files already; an artifact is written once, so choose an empty destination`,
    );
  }
  const sourceBytes = (await source.list()).reduce((sum, { size }) => sum + size, 0);
  const interrupt = onInterrupt();
  const release = await claimDestination(command.destination);
  const folder = await mkdtemp(join(tmpdir(), 'modelpress-'));
  const work = new FolderStore(folder);
  const workers = new WorkerPool(
    { source: command.source, destination: command.destination, work: folder },
    Math.min(command.jobs, Math.max(1, Math.ceil(sourceBytes / MIN_ITEM_BYTES))),
  );
  let plan: Plan | undefined;
  let manifest: Manifest;
  try {
    const wholeTensorBytes = Math.ceil(sourceBytes / (command.jobs * TURNS));
    const itemBytes = Math.min(MAX_ITEM_BYTES, Math.max(MIN_ITEM_BYTES, wholeTensorBytes));
    const { recipe } = command;
    const { items } = await planBuild({
      source,
      artifact,
      work,
      recipe,
      formats: FORMATS,
      itemBytes,
      wholeTensorBytes,
    });
    plan = (await readPlan(work))!;
    for (const warning of plan.warnings) terminal.stderr.write(`Warning: ${warning}\n`);
    const progress = new Progress(
      terminal.stderr,
      plan.outputs.reduce((sum, { size }) => sum + size, 0),
    );
    const places = { source, artifact, work, plan, formats: FORMATS };
    await workers.run(items, places, (bytes) => progress.add(bytes), interrupt.signal);
    progress.end();
    interrupt.signal.throwIfAborted();
    // Threads take some milliseconds to end, and are needed no more.
    const closed = workers.close();
    manifest = await finalizeBuild({ artifact, work, plan, extraFiles: [], provenance: {}, version: VERSION });
    await closed;
  } catch (error) {
    await workers.close();
    if (plan !== undefined) await abandonBuild(artifact, plan);
    throw error;
  } finally {
    interrupt.forget();
    await workers.close();
    for (const store of [source, artifact, work]) await store.close();
    await rm(folder, { recursive: true, force: true });
    await release();
  }
  const seconds = (Date.now() - started) / 1000;
  terminal.stdout.write(
    `${command.json ? JSON.stringify(reportOf(command, manifest, seconds), undefined, 1) : describe(command, manifest, seconds)}\n`,
  );
}

function reportOf(command: CompressCommand, manifest: Manifest, seconds: number) {
  const { format, recipe, totals, warnings, files } = manifest;
  return { artifact: command.destination, format, recipe, ...totals, files: files.length, seconds, warnings };
}

function describe(command: CompressCommand, { totals }: Manifest, seconds: number): string {
  const { bytesBefore, bytesAfter, sqnrDb, sparsity } = totals;
  const error = sqnrDb === undefined ? 'no error' : `signal to noise ${sqnrDb.toFixed(1)} dB`;
  const zeros = command.recipe.prune === undefined ? '' : `, ${(100 * sparsity).toFixed(1)}% zeros`;
  const ratio = (bytesBefore / bytesAfter).toFixed(2);
  return `${formatBytes(bytesBefore)} -> ${formatBytes(bytesAfter)} (${ratio} times smaller), ${error}${zeros}, in ${seconds.toFixed(1)} s: ${command.destination}`;
}
