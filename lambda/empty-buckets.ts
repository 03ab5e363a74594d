import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { bucketsOf, nameOf } from './buckets/buckets-of';
import { s3 } from './support/stores';

/**
 * Custom resource that acts on deletion alone: lets nothing new into its buckets, such as access logs that come hours
 * later. `empty-buckets-complete` then removes what is in them.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const buckets = bucketsOf(event);
  if (event.RequestType === 'Delete') for (const bucket of buckets) await close(bucket);
  const digest = createHash('sha256').update(buckets.join()).digest('hex').slice(0, 16);
  return { PhysicalResourceId: `emptying-${digest}` };
}

async function close(arn: string): Promise<void> {
  const Bucket = nameOf(arn);
  const present = await s3.send(new GetBucketPolicyCommand({ Bucket })).catch((error: Error) => {
    if (error.name === 'NoSuchBucketPolicy') return undefined;
    throw error;
  });
  const policy = JSON.parse(present?.Policy ?? '{"Version":"2012-10-17","Statement":[]}') as { Statement: object[] };
  policy.Statement.push({ Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `${arn}/*` });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
}
