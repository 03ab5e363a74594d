/** How much is measured. */
export interface Sizes {
  /** The matrix of the kernels' part: larger than the processor's last cache. */
  readonly rows: number;
  readonly columns: number;
  /** Bytes of the checkpoints on disk. */
  readonly jobBytes: number;
  readonly copyBytes: number;
  readonly scalingBytes: number;
  readonly smallBytes: number;
  readonly largeBytes: number;
  /** Layers of the TFLite model, 67 MB each. */
  readonly tfliteLayers: number;
  /** Matrices of 67 MB and convolutions of 9 MB of the ONNX models. */
  readonly onnxProducts: number;
  readonly onnxConvolutions: number;
  /** Matrices of 67 MB of the ONNX model with its data beside it. */
  readonly onnxBeside: number;
  /** Turns of what takes seconds, and of what takes minutes. */
  readonly rounds: number;
  readonly fewRounds: number;
}

const GB = 1e9;

export const FULL: Sizes = {
  rows: 8192,
  columns: 4096,
  jobBytes: 2 * GB,
  copyBytes: 4 * GB,
  scalingBytes: 4 * GB,
  smallBytes: GB,
  largeBytes: 4 * GB,
  tfliteLayers: 6,
  onnxProducts: 24,
  onnxConvolutions: 150,
  onnxBeside: 40,
  rounds: 5,
  fewRounds: 3,
};

/** To see that the benchmarks work; the numbers mean nothing. */
export const QUICK: Sizes = {
  rows: 512,
  columns: 1024,
  jobBytes: 0.15 * GB,
  copyBytes: 0.15 * GB,
  scalingBytes: 0.15 * GB,
  smallBytes: 0.15 * GB,
  largeBytes: 0.3 * GB,
  tfliteLayers: 1,
  onnxProducts: 1,
  onnxConvolutions: 1,
  onnxBeside: 1,
  rounds: 1,
  fewRounds: 1,
};
