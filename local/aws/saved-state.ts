import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../../cli/is-running';

/** Longer than an orderly end takes, milliseconds. */
const END_LIMIT = 15_000;

/** Written by the launcher once everything is saved, deleted when the server starts. */
export function savedMarker(stateDir: string): string {
  return join(stateDir, 'saved');
}

/** Notes which process holds the state, for the next start. */
export function noteServer(stateDir: string, pid: number): void {
  writeFileSync(join(stateDir, 'server.pid'), String(pid));
}

/** A server whose parent was killed is still saving for a moment; the next one must not start before it is done. */
async function waitForEarlierServer(stateDir: string): Promise<void> {
  const file = join(stateDir, 'server.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  const giveUp = Date.now() + END_LIMIT;
  while (isRunning(pid) && Date.now() < giveUp) await sleep(50);
  rmSync(file, { force: true });
}

/**
 * Deletes the state of a server that was killed before it could save. Objects are on disk at once, but all else is
 * saved at the end: half a state would have buckets that no stack knows, and the next deployment would fail on them.
 *
 * @returns whether there was such a state
 */
export async function discardUnsavedState(stateDir: string): Promise<boolean> {
  await waitForEarlierServer(stateDir);
  const parts = [join(stateDir, 'services'), join(stateDir, 's3')];
  if (existsSync(savedMarker(stateDir)) || !parts.some((part) => existsSync(part))) return false;
  for (const part of parts) rmSync(part, { recursive: true, force: true });
  return true;
}
