import { S3Client } from '@aws-sdk/client-s3';
import { parseS3Address } from '../engine/io/location';
import { ObjectStore } from '../engine/io/object-store';
import { S3Store } from '../engine/io/s3-store';

/**
 * One client a function: it keeps its connections between calls. Thousands of workers start at once, so S3 will say
 * SlowDown; eight attempts with the SDK's back-off outlast it.
 */
export const s3 = new S3Client({ maxAttempts: 8, forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });

/** Opens an `s3://bucket/prefix/` address. */
export function openStore(address: string): ObjectStore {
  return new S3Store(s3, parseS3Address(address));
}
