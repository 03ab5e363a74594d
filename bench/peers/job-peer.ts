import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePython } from '../../local/python/ensure-python';
import { cleanPythonEnvironment } from '../../local/python/pip-install';
import { PEERS_FOLDER } from './ensure-peers';

const run = promisify(execFile);

/** What one run of a tool took. */
export interface PeerRun {
  /** How long the work took, without the imports. */
  readonly seconds: number;
  /** The most memory that was resident at once. */
  readonly peakBytes: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Peers that run one job a process, in an environment of their own. */
export interface JobPeers {
  /** Folder of their environment. */
  readonly folder: string;
  /** Name of the script, and of `<name>-requirements.txt`, beside this file. */
  readonly script: string;
  readonly requirements: string;
  /** Modules that must import after the installation. */
  readonly imports: readonly string[];
  /** Environment variable that names another interpreter that has them already; nothing is installed then. */
  readonly variable: string;
}

/**
 * Installs peers at the first call, and returns what runs their jobs.
 *
 * @throws NoPythonError when this machine has no usable Python; Error with pip's last lines when installing fails.
 */
export async function jobPeers<Job extends readonly string[], Run extends object>(
  peers: JobPeers,
  report: (line: string) => void,
): Promise<(job: Job) => Promise<Run>> {
  const python = process.env[peers.variable] || (await install(peers, report));
  return async (job) => {
    const { stdout } = await run(python, [join(__dirname, peers.script), ...job], {
      env: cleanPythonEnvironment(),
      maxBuffer: 2 ** 24,
    });
    return JSON.parse(stdout) as Run;
  };
}

async function install({ folder, requirements, imports }: JobPeers, report: (line: string) => void): Promise<string> {
  const file = join(__dirname, requirements);
  const root = join(PEERS_FOLDER, folder);
  return (await ensurePython({ root, requirements: { local: file, test: file }, imports, report })).python;
}
