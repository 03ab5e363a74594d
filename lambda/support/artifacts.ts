import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { MANIFEST_KEY } from '../engine/manifest';

/** A finished artifact of a model. */
export interface FoundArtifact {
  /** Name of the build that made it. */
  readonly build: string;
  /** Address, ending in `/`. */
  readonly address: string;
  readonly finished: Date;
}

/** Finished artifacts of a model, the newest first: those that have a manifest. */
export async function listArtifacts(client: S3Client, bucket: string, modelName: string): Promise<FoundArtifact[]> {
  const prefix = `compressed/${modelName}/`;
  const found: FoundArtifact[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = '', LastModified } of page.Contents ?? []) {
      const [build, file, ...more] = Key.slice(prefix.length).split('/');
      if (file !== MANIFEST_KEY || more.length > 0) continue;
      found.push({ build, address: `s3://${bucket}/${prefix}${build}/`, finished: LastModified! });
    }
  }
  return found.sort((a, b) => b.finished.getTime() - a.finished.getTime());
}
