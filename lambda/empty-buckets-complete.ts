import { bucketsOf, nameOf } from './buckets/buckets-of';
import { removeVersions } from './buckets/remove-versions';
import { s3 } from './support/stores';

/** How long one call works; it is called again until all is done. */
const BUDGET_MS = 5 * 60 * 1000;

/** Removes all that lies in the buckets that are to go. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ IsComplete: boolean }> {
  if (event.RequestType !== 'Delete') return { IsComplete: true };
  const deadline = Date.now() + BUDGET_MS;
  for (const bucket of bucketsOf(event)) {
    if (!(await removeVersions(s3, nameOf(bucket), () => Date.now() < deadline))) return { IsComplete: false };
  }
  return { IsComplete: true };
}
