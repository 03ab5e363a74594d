import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';

/**
 * Removes every version and every deletion mark in a bucket, a page at a time, as long as `isInTime` says so.
 *
 * @returns whether the bucket is empty, which one that is gone is, too
 */
export async function removeVersions(client: S3Client, bucket: string, isInTime: () => boolean): Promise<boolean> {
  while (isInTime()) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket })).catch((error: Error) => {
      if (error.name === 'NoSuchBucket') return undefined;
      throw error;
    });
    const found = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])];
    if (found.length === 0) return true;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: found.map(({ Key, VersionId }) => ({ Key, VersionId })), Quiet: true },
      }),
    );
    const [first] = Errors;
    if (first !== undefined)
      throw new Error(`${first.Key} cannot be removed from ${bucket}: ${first.Code} ${first.Message}`);
  }
  return false;
}
