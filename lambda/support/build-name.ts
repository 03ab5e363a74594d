import { createHash } from 'node:crypto';

/** Builds are named to this length, so that they fit into the names of jobs, models and configs. */
const LONGEST = 32;

/**
 * The build's name, made from the execution's: kept where it is short and plain, otherwise shortened with a digest, so
 * that two executions never share one.
 */
export function buildName(executionName: string): string {
  const plain = executionName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (plain === executionName && plain.length <= LONGEST) return plain;
  const digest = createHash('sha256').update(executionName).digest('hex').slice(0, 8);
  const head = plain.slice(0, LONGEST - digest.length - 1).replace(/-+$/, '');
  return head === '' ? digest : `${head}-${digest}`;
}
