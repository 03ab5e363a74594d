import { S3Client } from '@aws-sdk/client-s3';
import { LedgerStore } from '../release/ledger';
import { fields, text } from './fields';

const client = new S3Client({ maxAttempts: 8, forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });

/** Opens the ledger that an event names as `ledger: { bucket, key }`. */
export function openLedger(event: Readonly<Record<string, unknown>>): LedgerStore {
  const place = fields(event, 'ledger');
  return new LedgerStore(client, { bucket: text(place, 'bucket'), key: text(place, 'key') });
}
