import { createHash } from 'node:crypto';
import { ConflictError, ModelError } from './errors';
import { ObjectStore, UploadedPart } from './io/object-store';
import { combineCrc64nvme, crc64nvme } from './kernels/crc64';
import { Manifest, MANIFEST_KEY, ManifestFile, readManifest } from './manifest';
import { mapConcurrently } from './map-concurrently';
import { Plan, PlannedOutput } from './plan';
import { markOfPlan, readResult } from './plan-store';
import { abortOutputs } from './planner';
import { TensorSums } from './step-context';
import { reportTensors, reportTotals } from './tensor-report';

/** Small requests under way at once. */
const CONCURRENCY = 32;

/** A file that is not the model's own but belongs into the artifact, such as the code that serves it. */
export interface ExtraFile {
  readonly key: string;
  readonly body: Uint8Array;
}

export interface FinalizeRequest {
  readonly artifact: ObjectStore;
  readonly work: ObjectStore;
  readonly plan: Plan;
  readonly extraFiles: readonly ExtraFile[];
  readonly provenance: Readonly<Record<string, string>>;
  /** Version of modelpress, for the manifest. */
  readonly version: string;
}

/**
 * Completes the outputs and writes the manifest, last and only once. Doing it again answers with the manifest that is
 * there.
 *
 * @throws ConflictError when the build is given up meanwhile; then no manifest stays.
 */
export async function finalizeBuild(request: FinalizeRequest): Promise<Manifest> {
  const { artifact, plan } = request;
  const finished = await readManifest(artifact);
  if (finished !== undefined) return finished;

  const mark = await markOfPlan(request.work);
  const { parts, sums } = await gatherResults(request.work, plan);
  const files = await mapConcurrently(plan.outputs, CONCURRENCY, (output, index) =>
    completeOutput(artifact, output, parts[index]),
  );
  for (const extra of request.extraFiles) files.push(await addFile(artifact, extra, files));
  const manifest: Manifest = {
    schemaVersion: 1,
    generator: { name: 'modelpress', version: request.version },
    format: plan.format,
    recipe: plan.recipe,
    source: { root: plan.sourceRoot, files: plan.sources },
    files,
    totals: reportTotals(
      modelBytesBefore(plan),
      plan.outputs.reduce((total, output) => total + output.size, 0),
      sums,
    ),
    tensors: reportTensors(plan.tensors, sums),
    warnings: plan.warnings,
    provenance: request.provenance,
  };
  const body = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
  await requirePlan(request.work, mark);
  if (!(await artifact.put(MANIFEST_KEY, body, { onlyIfAbsent: true }))) {
    return (await readManifest(artifact)) ?? manifest;
  }
  try {
    await requirePlan(request.work, mark);
  } catch (error) {
    await artifact.delete(MANIFEST_KEY);
    throw error;
  }
  return manifest;
}

/** Whoever gives a build up forgets its plan before anything else. */
async function requirePlan(work: ObjectStore, mark: string | undefined): Promise<void> {
  if (mark !== undefined && (await markOfPlan(work)) === mark) return;
  throw new ConflictError(`the plan in ${work.root} is gone: the build was given up; start it again`);
}

/**
 * Gives a build up: aborts its uploads and removes what was completed of it. An artifact that is complete stays.
 *
 * @returns whether something was given up.
 */
export async function abandonBuild(artifact: ObjectStore, plan: Plan): Promise<boolean> {
  if ((await readManifest(artifact)) !== undefined) return false;
  await abortOutputs(artifact, plan.outputs);
  for (const object of await artifact.list()) await artifact.delete(object.key);
  return true;
}

/** What goes out in another form came in as the tensors' bytes; what is kept or taken along counts as it is. */
function modelBytesBefore(plan: Plan): number {
  const after = plan.outputs.reduce((total, output) => total + output.size, 0);
  return plan.tensors.reduce((total, tensor) => total + tensor.bytesBefore - tensor.bytesAfter, after);
}

async function gatherResults(
  work: ObjectStore,
  plan: Plan,
): Promise<{ parts: UploadedPart[][]; sums: Map<number, TensorSums> }> {
  const items = Array.from({ length: plan.itemOffsets.length - 1 }, (_, item) => item);
  const results = await mapConcurrently(items, CONCURRENCY, (item) => readResult(work, item));
  const missing = items.filter((item) => results[item] === undefined);
  if (missing.length > 0) {
    throw new ModelError(
      `${missing.length} of ${items.length} items are not made yet (first: ${missing[0]}); compress them, then finalize`,
    );
  }
  const parts: UploadedPart[][] = plan.outputs.map(() => []);
  const sums = new Map<number, TensorSums>();
  for (const result of results) {
    for (const piece of result!.pieces) parts[piece.output].push(...piece.parts);
    for (const { tensor, sums: own } of result!.sums) {
      const old = sums.get(tensor) ?? { signal: 0, noise: 0, zeros: 0, count: 0 };
      sums.set(tensor, {
        signal: old.signal + own.signal,
        noise: old.noise + own.noise,
        zeros: old.zeros + own.zeros,
        count: old.count + own.count,
      });
    }
  }
  return { parts, sums };
}

async function completeOutput(
  artifact: ObjectStore,
  output: PlannedOutput,
  unsorted: UploadedPart[],
): Promise<ManifestFile> {
  const parts = unsorted.sort((a, b) => a.number - b.number);
  const bytes = parts.reduce((total, part) => total + part.size, 0);
  if (
    parts.length !== output.parts ||
    bytes !== output.size ||
    parts.some((part, index) => part.number !== index + 1)
  ) {
    throw new Error(`${output.key}: has ${parts.length} of ${output.parts} parts and ${bytes} of ${output.size} bytes`);
  }
  const crc = parts.reduce((total, part) => combineCrc64nvme(total, BigInt(`0x${part.crc64nvme}`), part.size), 0n);
  const digest = crc.toString(16).padStart(16, '0');
  if (output.size === 0) await artifact.put(output.key, new Uint8Array(0));
  else await artifact.completeUpload(output.key, output.uploadId, parts, digest);
  return {
    key: output.key,
    size: output.size,
    crc64nvme: digest,
    parts: parts.map(({ size, sha256 }) => ({ size, sha256 })),
  };
}

async function addFile(
  artifact: ObjectStore,
  extra: ExtraFile,
  others: readonly ManifestFile[],
): Promise<ManifestFile> {
  if (extra.key === MANIFEST_KEY || others.some((file) => file.key === extra.key)) {
    throw new ModelError(`${extra.key} is in the serving code and in the model; rename one of them`);
  }
  await artifact.put(extra.key, extra.body);
  const sha256 = createHash('sha256').update(extra.body).digest('hex');
  const crc = crc64nvme(extra.body, 0n).toString(16).padStart(16, '0');
  return { key: extra.key, size: extra.body.length, crc64nvme: crc, parts: [{ size: extra.body.length, sha256 }] };
}
