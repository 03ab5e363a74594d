import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';

/** A file below the place that models are uploaded to. */
export interface UploadedFile {
  /** Whole key. */
  readonly key: string;
  readonly etag: string;
  /** Milliseconds since 1970; S3 keeps seconds. */
  readonly modified: number;
}

/** All files below a prefix, without the empty objects that consoles make for folders. */
export async function listUploads(s3: S3Client, bucket: string, prefix: string): Promise<UploadedFile[]> {
  const found: UploadedFile[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = '', ETag = '', LastModified } of page.Contents ?? []) {
      if (!Key.endsWith('/')) found.push({ key: Key, etag: ETag, modified: LastModified!.getTime() });
    }
  }
  return found;
}

/** The folder that a key lies in, with its slash. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
