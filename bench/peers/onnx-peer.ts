import { jobPeers, PeerRun } from './job-peer';

/** One of the peers' jobs; see onnx_peer.py. */
export type OnnxPeerJob =
  | readonly ['make', kind: OnnxModel, count: string, file: string]
  | readonly ['beside', count: string, file: string]
  | readonly ['dynamic', source: string, file: string]
  | readonly ['four-bit', source: string, file: string]
  | readonly ['compare', ours: string, theirs: string]
  | readonly ['answers', ours: string, float: string];

/** Products of matrices of 67 MB each, or convolutions of 9 MB each. */
export type OnnxModel = 'products' | 'convolutions';

/** What a run took, and for `compare` how many bytes of weights and scales differ, and how many there are. */
export interface OnnxPeerRun extends PeerRun {
  readonly differences?: number;
  readonly compared?: number;
  /** For `answers`: how far they are from the float model's, as a share of their norm. */
  readonly difference?: number;
}

/** Runs jobs of onnxruntime's quantizers. */
export function onnxPeers(report: (line: string) => void): Promise<(job: OnnxPeerJob) => Promise<OnnxPeerRun>> {
  const peers = {
    folder: 'onnx',
    script: 'onnx_peer.py',
    requirements: 'onnx-requirements.txt',
    imports: ['onnx', 'onnxruntime.quantization', 'onnx_ir'],
    variable: 'MODELPRESS_BENCH_ONNX_PYTHON',
  };
  return jobPeers<OnnxPeerJob, OnnxPeerRun>(peers, report);
}
