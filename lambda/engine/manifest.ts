import { ObjectStore, StoredObject } from './io/object-store';
import { PlannedTensor } from './plan';
import { Recipe } from './recipe';

/** The file that makes an artifact exist; written last. */
export const MANIFEST_KEY = 'manifest.json';

/** Far above the manifest of a checkpoint with a million tensors. */
export const MAX_MANIFEST_BYTES = 1024 * 1024 * 1024;

/** One file of the artifact, known by digests that were taken while it was written. */
export interface ManifestFile {
  readonly key: string;
  /** Length in bytes. */
  readonly size: number;
  /** CRC-64/NVME of the whole file, 16 hexadecimal digits; S3 keeps the same one. */
  readonly crc64nvme: string;
  /** SHA-256 (hexadecimal) of each part, in order; the parts are the upload's. */
  readonly parts: readonly { readonly size: number; readonly sha256: string }[];
}

/** What became of one tensor. */
export interface ManifestTensor extends PlannedTensor {
  /** Norm of the error over norm of the tensor; absent where nothing was changed. */
  readonly relativeError?: number;
  /** Signal to quantization noise in decibels, 20 log10(1 / relativeError); absent where the error is zero. */
  readonly sqnrDb?: number;
  /** Share of zeros after compression; absent where nothing was changed. */
  readonly sparsity?: number;
}

export interface ManifestTotals {
  /** Bytes of all tensors' source files and files that were taken along. */
  readonly bytesBefore: number;
  /** Bytes of the artifact's files, without this manifest and the serving code. */
  readonly bytesAfter: number;
  /** Norm of the error over norm of the weights, over all tensors that were changed. */
  readonly relativeError: number;
  /** Decibels; absent where the error is zero. */
  readonly sqnrDb?: number;
  /** Share of zeros over all tensors that were changed. */
  readonly sparsity: number;
}

/** All that is known of an artifact. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly generator: { readonly name: 'modelpress'; readonly version: string };
  readonly format: string;
  readonly recipe: Recipe;
  readonly source: { readonly root: string; readonly files: readonly StoredObject[] };
  readonly files: readonly ManifestFile[];
  readonly totals: ManifestTotals;
  readonly tensors: readonly ManifestTensor[];
  readonly warnings: readonly string[];
  /** Where the build came from: names such as `executionArn` and `trainingJobName`. */
  readonly provenance: Readonly<Record<string, string>>;
}

/** Reads an artifact's manifest; undefined when the artifact does not exist (yet). */
export async function readManifest(artifact: ObjectStore): Promise<Manifest | undefined> {
  const bytes = await artifact.get(MANIFEST_KEY, MAX_MANIFEST_BYTES);
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as Manifest);
}
