import { S3Client } from '@aws-sdk/client-s3';
import { parseS3Address } from '../engine/io/location';
import { ObjectStore } from '../engine/io/object-store';
import { MANIFEST_KEY, readManifest } from '../engine/manifest';
import { deletePlan, forgetPlan } from '../engine/plan-store';
import { abortOpenUploads } from './open-uploads';

export interface Place {
  readonly s3: S3Client;
  readonly openStore: (address: string) => ObjectStore;
  /** Address of the build's plan and results. */
  readonly work: string;
}

/**
 * Gives a build up: forgets its plan, aborts every upload of it, and removes what was completed of its artifact. One that
 * is whole stays.
 *
 * The plan goes first. A Finalize that still goes on looks for it once more behind the manifest that it wrote, and takes
 * that back: an artifact never counts as finished after its files were removed.
 *
 * @returns whether there was something, and it was given up.
 */
export async function giveUp({ s3, openStore, work }: Place): Promise<boolean> {
  const plans = openStore(work);
  const artifact = openStore(artifactOf(work));
  const isPlanned = await forgetPlan(plans);
  const aborted = await abortOpenUploads(s3, parseS3Address(artifact.root));
  const objects = await artifact.list();
  const sizes = new Map(objects.map(({ key, size }) => [key, size]));
  const manifest = await readManifest(artifact);
  if (manifest?.files.every(({ key, size }) => sizes.get(key) === size) === true) return false;
  // First what makes an artifact of the rest.
  if (manifest !== undefined) await artifact.delete(MANIFEST_KEY);
  for (const { key } of objects) if (key !== MANIFEST_KEY) await artifact.delete(key);
  await deletePlan(plans);
  return isPlanned || aborted > 0 || objects.length > 0;
}

/** A build's artifact has the place in `compressed/` that its plan has in `work/`. */
function artifactOf(work: string): string {
  const { bucket, prefix } = parseS3Address(work);
  return `s3://${bucket}/${prefix.replace(/^work\//, 'compressed/')}`;
}
