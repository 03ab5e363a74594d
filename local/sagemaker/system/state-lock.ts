import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isRunning } from '../../../cli/is-running';

/**
 * Claims a folder for this process, so that two servers never fight over one state.
 *
 * @returns what gives the folder back.
 * @throws Error naming the process that holds it.
 */
export function lockState(path: string): () => void {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = Number(readFileSync(path, 'utf8'));
    if (Number.isInteger(holder) && holder > 0 && isRunning(holder)) {
      throw new Error(
        `the state folder is in use by process ${holder}; stop it, choose another state folder, ` +
          `or remove ${path} if that process is something else`,
        { cause: error },
      );
    }
    writeFileSync(path, String(process.pid));
  }
  return () => rmSync(path, { force: true });
}
