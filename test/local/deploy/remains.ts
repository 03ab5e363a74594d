import { Thing } from './inventory';

/** A bucket of models outlives its stack, with what encrypts it, guards it, and was logged of it. */
export const WHAT_STAYS = ['access logs', 'access logs: policy', 'bucket', 'bucket: policy', 'key'];

const PARTS = ['s3 buckets_meta', 's3 bucket_versioning', 's3 bucket_notifications'];

/** What is left of a stack in the words of `WHAT_STAYS`; all else by kind and name. */
export function inWords(left: readonly Thing[], bucket: string): string[] {
  const words = left.map((thing) => {
    const { kind, name } = thing;
    const which = name === bucket ? 'bucket' : name.includes('accesslogs') ? 'access logs' : undefined;
    if (which !== undefined && PARTS.includes(kind)) return which;
    if (which !== undefined && kind === 's3 bucket_policies' && refusesPlainHttp(thing)) return `${which}: policy`;
    return kind === 'kms keys' && isKeyOfModels(thing) ? 'key' : `${kind} ${name}`;
  });
  return [...new Set(words)].sort();
}

function refusesPlainHttp({ value }: Thing): boolean {
  return String(value).includes('aws:SecureTransport');
}

function isKeyOfModels({ value }: Thing): boolean {
  const { Description, KeyState } = value as { readonly Description: string; readonly KeyState: string };
  return KeyState === 'Enabled' && Description.startsWith('Models of ');
}
