import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListMultipartUploadsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { S3Location } from '../engine/io/location';
import { isAnswer } from '../engine/io/s3-answer';
import { mapConcurrently } from '../engine/map-concurrently';

/** Small requests under way at once. */
const CONCURRENCY = 32;

/**
 * Gives up every upload below a prefix, whoever began it: a function that was cut off while it began uploads has told
 * nobody of them. What is gone already is no error.
 *
 * @returns how many there were
 */
export async function abortOpenUploads(client: S3Client, { bucket, prefix }: S3Location): Promise<number> {
  let count = 0;
  let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (after !== undefined) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after }),
    );
    const { Uploads = [] } = page;
    await mapConcurrently(Uploads, CONCURRENCY, async ({ Key, UploadId }) => {
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      } catch (error) {
        if (!isAnswer(error, 404)) throw error;
      }
    });
    count += Uploads.length;
    after =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : undefined;
  }
  return count;
}
