import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Waits until the disk has all that was written. */
export async function flush(): Promise<void> {
  await run('sync');
}

/** Removes what a run wrote and waits for the disk, so that the next one does not pay for this one. */
export async function cleanUp(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await flush();
}

/** Copies a folder as `cp` does; on Linux without sharing blocks, which is no copy. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await run('cp', ['-R', ...(process.platform === 'linux' ? ['--reflink=never'] : []), from, to]);
}

/** Reads a folder once, so that all runs find it in the same state: in the page cache, as far as it fits. */
export async function warm(folder: string): Promise<void> {
  await run('sh', ['-c', 'cat "$1"/* > /dev/null', 'sh', folder]);
}
