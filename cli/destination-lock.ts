import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConflictError } from '../lambda/engine/errors';
import { isS3Address } from '../lambda/engine/io/location';
import { isRunning } from './is-running';

/** The folder store's place for uploads that are not complete. */
const UPLOADS = '.modelpress-uploads';

/**
 * Claims a destination folder for this process and clears what a run that was killed left in it. Answers how to give
 * the claim up. S3 prefixes need none: nothing of an unfinished upload is visible there.
 *
 * @throws ConflictError when another process that still runs is writing there.
 */
export async function claimDestination(address: string): Promise<() => Promise<void>> {
  if (isS3Address(address)) return async () => undefined;
  const folder = resolve(address);
  const uploads = join(folder, UPLOADS);
  const owner = join(uploads, 'owner');
  const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
  if (pid > 0 && pid !== process.pid && isRunning(pid)) {
    throw new ConflictError(`${address}: process ${pid} is writing there; wait for it or choose another destination`);
  }
  await rm(uploads, { recursive: true, force: true });
  const made = await mkdir(uploads, { recursive: true });
  await writeFile(owner, String(process.pid));
  return async () => {
    await rm(uploads, { recursive: true, force: true });
    // Only what this run made, and only when nothing was put into it.
    if (made !== undefined && made !== uploads) await rmdir(folder).catch(() => undefined);
  };
}
