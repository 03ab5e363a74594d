import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePython } from '../../local/python/ensure-python';
import { cleanPythonEnvironment } from '../../local/python/pip-install';
import { PEERS_FOLDER } from './ensure-peers';

const run = promisify(execFile);

export interface TflitePeerRun {
  /** How long the work took, without the imports. */
  readonly seconds: number;
  /** The most memory that was resident at once. */
  readonly peakBytes: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** One of the peers' jobs; see tflite_peer.py. */
export type TflitePeerJob =
  | readonly ['convert', kind: 'float' | 'int8', layers: string, file: string]
  | readonly ['quantize', kind: 'int8' | 'int4', source: string, file: string];

/**
 * Installs TensorFlow and ai-edge-quantizer at the first call, into an environment of their own, and returns what runs their
 * jobs. MODELPRESS_BENCH_TFLITE_PYTHON names another interpreter that has them already; nothing is installed then.
 *
 * @throws NoPythonError when this machine has no usable Python; Error with pip's last lines when installing fails.
 */
export async function tflitePeers(
  report: (line: string) => void,
): Promise<(job: TflitePeerJob) => Promise<TflitePeerRun>> {
  const python = process.env.MODELPRESS_BENCH_TFLITE_PYTHON || (await install(report));
  return async (job) => {
    const { stdout } = await run(python, [join(__dirname, 'tflite_peer.py'), ...job], {
      env: cleanPythonEnvironment(),
      maxBuffer: 2 ** 24,
    });
    return JSON.parse(stdout) as TflitePeerRun;
  };
}

async function install(report: (line: string) => void): Promise<string> {
  const requirements = join(__dirname, 'tflite-requirements.txt');
  const { python } = await ensurePython({
    root: join(PEERS_FOLDER, 'tflite'),
    requirements: { local: requirements, test: requirements },
    imports: ['tensorflow', 'ai_edge_quantizer.quantizer'],
    report,
  });
  return python;
}
