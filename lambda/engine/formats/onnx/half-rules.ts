import { GraphNode } from './graph';

/** Which inputs and outputs of an operator are of the type that becomes float16. */
export interface HalfSignature {
  readonly inputs: 'all' | readonly number[];
  readonly outputs: 'all' | readonly number[];
}

const whole: HalfSignature = { inputs: 'all', outputs: 'all' };
const first: HalfSignature = { inputs: [0], outputs: [0] };

/**
 * ONNX's operators that compute in float16. All others stay float32: those whose results need its range or its steps
 * (CumSum, Range, Resize, TopK, random numbers, losses), those that compare or convert, and those of other domains.
 */
const SIGNATURES: ReadonlyMap<string, HalfSignature> = new Map<string, HalfSignature>([
  ...named(
    whole,
    'Abs Add AveragePool BatchNormalization Ceil Celu Clip Concat Conv ConvTranspose Cos DepthToSpace Div Einsum Elu Erf Exp Flatten',
    'Floor Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNormalization HardSigmoid HardSwish Identity',
    'InstanceNormalization LeakyRelu Log LogSoftmax LpNormalization LpPool LRN MatMul Max Mean MeanVarianceNormalization Min Mish Mul',
    'Neg Pow PRelu Reciprocal Relu Round Selu Sigmoid Sign Sin Softmax Softplus Softsign SpaceToDepth Sqrt Sub Sum Swish Tanh',
    'ThresholdedRelu Transpose',
  ),
  ...named(
    first,
    'Compress Dropout Expand Gather GatherElements GatherND MaxPool ReduceL1 ReduceL2 ReduceLogSum',
    'ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape ReverseSequence',
    'Slice Squeeze Tile Trilu Unsqueeze',
  ),
  ['LayerNormalization', { inputs: [0, 1, 2], outputs: [0] }],
  ['RMSNormalization', { inputs: [0, 1], outputs: [0] }],
  ['Pad', { inputs: [0, 2], outputs: [0] }],
  ['Split', { inputs: [0], outputs: 'all' }],
  ['Where', { inputs: [1, 2], outputs: [0] }],
  ['ScatterND', { inputs: [0, 2], outputs: [0] }],
  ['ScatterElements', { inputs: [0, 2], outputs: [0] }],
  ['LSTM', { inputs: [0, 1, 2, 3, 5, 6, 7], outputs: 'all' }],
  ['GRU', { inputs: [0, 1, 2, 3, 5], outputs: 'all' }],
  ['RNN', { inputs: [0, 1, 2, 3, 5], outputs: 'all' }],
]);

/** How an operator computes in float16; undefined where it stays float32. */
export function halfSignature(node: GraphNode): HalfSignature | undefined {
  return node.domain === '' ? SIGNATURES.get(node.operator) : undefined;
}

/** Whether a position is among a signature's. */
export function includes(positions: HalfSignature['inputs'], at: number): boolean {
  return positions === 'all' || positions.includes(at);
}

function named(signature: HalfSignature, ...names: readonly string[]): [string, HalfSignature][] {
  return names
    .join(' ')
    .split(' ')
    .map((name) => [name, signature]);
}
