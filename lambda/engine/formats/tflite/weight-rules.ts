import { OP, OPERATOR, TYPE } from './model-fields';
import { Graph, GraphOperator, number } from './model-graph';
import { TableNode } from './flatbuffer-nodes';

/** Which values of a weight share a scale: those of one first index, of one last index, or all. */
export type ScaleLayout = 'first' | 'last' | 'all';

/** How an operator takes an int8 weight beside float activations. */
export interface WeightRule {
  readonly builtin: number;
  /** Position of the weight among the operator's inputs. */
  readonly input: number;
  readonly scales: ScaleLayout;
  /** Number of dimensions that the operator's kernel takes, from and to. */
  readonly rank: readonly [number, number];
  /** The operator's version that takes such a weight, as TensorFlow 2.21's converter writes it. */
  readonly version: number;
  /** The first runtime that knows that version. */
  readonly runtime: string;
  /** The option that makes the kernel quantize activations with a zero point. */
  readonly asymmetricInputs?: { readonly options: string; readonly slot: number };
  /** The result is int8 as well and has to be turned back into floats. */
  readonly int8Result?: true;
  /** Position of the activation input. */
  readonly activation?: number;
  /** Why this very operator cannot, where it cannot. */
  readonly obstacle?: (operator: GraphOperator, graph: Graph) => string | undefined;
}

export const WEIGHT_RULES: readonly WeightRule[] = [
  {
    builtin: OP.fullyConnected,
    input: 1,
    activation: 0,
    scales: 'first',
    rank: [2, 2],
    version: 12,
    runtime: '2.17.0',
    asymmetricInputs: { options: 'FullyConnectedOptions', slot: 3 },
    obstacle: (operator) => (option(operator, 1) === 0 ? undefined : 'its weights are shuffled'),
  },
  {
    builtin: OP.conv2d,
    input: 1,
    activation: 0,
    scales: 'first',
    rank: [4, 4],
    version: 5,
    runtime: '2.4.0',
    obstacle: (operator, graph) => {
      const channels = graph.tensors[operator.inputs[0]].shape[3];
      const taken = graph.tensors[operator.inputs[1]].shape[3];
      return channels === taken ? undefined : 'it is a grouped convolution';
    },
  },
  { builtin: OP.depthwiseConv2d, input: 1, activation: 0, scales: 'last', rank: [4, 4], version: 6, runtime: '2.3.0' },
  { builtin: OP.transposeConv, input: 1, activation: 2, scales: 'first', rank: [4, 4], version: 2, runtime: '2.2.0' },
  {
    builtin: OP.batchMatmul,
    input: 1,
    activation: 0,
    scales: 'all',
    rank: [2, 5],
    version: 4,
    runtime: '2.5.0',
    asymmetricInputs: { options: 'BatchMatMulOptions', slot: 2 },
    obstacle: (operator) => (option(operator, 0) === 0 ? undefined : 'its left side is transposed'),
  },
  { builtin: OP.embeddingLookup, input: 1, scales: 'first', rank: [2, 8], version: 3, runtime: '1.14.0' },
  { builtin: OP.gather, input: 0, scales: 'all', rank: [1, 8], version: 2, runtime: '1.14.0', int8Result: true },
];

/** The rule for a weight at this input, or why there is none. */
export function ruleFor(operator: GraphOperator, input: number, graph: Graph): WeightRule | string {
  const rule = WEIGHT_RULES.find((candidate) => candidate.builtin === operator.builtin && candidate.input === input);
  if (rule === undefined) return `${operator.name} takes no int8 here`;
  const rank = graph.tensors[operator.inputs[input]].shape.length;
  if (rank < rule.rank[0] || rank > rule.rank[1]) return `${operator.name} takes no int8 of ${rank} dimensions`;
  if (operator.outputs.length !== 1 || graph.tensors[operator.outputs[0]]?.type !== TYPE.float32) {
    return `${operator.name} does not give FLOAT32`;
  }
  if (rule.activation !== undefined && graph.tensors[operator.inputs[rule.activation]]?.type !== TYPE.float32) {
    return `${operator.name} is not fed with FLOAT32`;
  }
  const options = optionsOf(operator);
  if (rule.asymmetricInputs !== undefined && options?.type !== rule.asymmetricInputs.options) {
    return `${operator.name} has no options`;
  }
  const obstacle = rule.obstacle?.(operator, graph);
  return obstacle === undefined ? rule : `${operator.name} takes no int8 here: ${obstacle}`;
}

export function optionsOf(operator: GraphOperator): TableNode | undefined {
  const options = operator.node.fields[OPERATOR.options];
  return typeof options === 'object' && options.kind === 'table' ? options : undefined;
}

function option(operator: GraphOperator, slot: number): number {
  const options = optionsOf(operator);
  return options === undefined ? 0 : number(options, slot);
}

/** The dimension that has one scale per index; undefined when all values share one. */
export function scaleDimension(scales: ScaleLayout, rank: number): number | undefined {
  return scales === 'all' ? undefined : scales === 'first' ? 0 : rank - 1;
}

/** How many scales a weight of this shape has. */
export function scaleCount(scales: ScaleLayout, shape: readonly number[]): number {
  const dimension = scaleDimension(scales, shape.length);
  return dimension === undefined ? 1 : shape[dimension];
}
