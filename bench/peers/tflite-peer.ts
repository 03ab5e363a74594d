import { jobPeers, PeerRun } from './job-peer';

/** One of the peers' jobs; see tflite_peer.py. */
export type TflitePeerJob =
  | readonly ['convert', kind: 'float' | 'int8', layers: string, file: string]
  | readonly ['quantize', kind: 'int8' | 'int4', source: string, file: string];

/** Runs jobs of TensorFlow and ai-edge-quantizer. */
export function tflitePeers(report: (line: string) => void): Promise<(job: TflitePeerJob) => Promise<PeerRun>> {
  const peers = {
    folder: 'tflite',
    script: 'tflite_peer.py',
    requirements: 'tflite-requirements.txt',
    imports: ['tensorflow', 'ai_edge_quantizer.quantizer'],
    variable: 'MODELPRESS_BENCH_TFLITE_PYTHON',
  };
  return jobPeers<TflitePeerJob, PeerRun>(peers, report);
}
