import { join, resolve } from 'node:path';
import { ensurePython } from '../../local/python/ensure-python';

/** The folder that gets the peers' virtual environments, apart from that of the local loop: their pins disagree. */
export const PEERS_FOLDER = resolve(__dirname, '../../.modelpress/bench');

/**
 * Installs llm-compressor, compressed-tensors and torch at the first call, and returns the interpreter that has them.
 * MODELPRESS_BENCH_PYTHON names another interpreter that has them already; nothing is installed then.
 *
 * @throws NoPythonError when this machine has no usable Python; Error with pip's last lines when installing fails.
 */
export async function ensurePeers(report: (line: string) => void): Promise<string> {
  const chosen = process.env.MODELPRESS_BENCH_PYTHON;
  if (chosen !== undefined && chosen !== '') return chosen;
  const requirements = join(__dirname, 'requirements.txt');
  const { python } = await ensurePython({
    root: PEERS_FOLDER,
    requirements: { local: requirements, test: requirements },
    imports: ['torch', 'compressed_tensors', 'llmcompressor.entrypoints.model_free'],
    report,
  });
  return python;
}
