import { Use } from './constants';
import { OP, OPERATOR, TYPE } from './model-fields';
import { Graph, GraphOperator, number } from './model-graph';
import { TableNode } from './flatbuffer-nodes';

/** Which values of a weight share a scale: those of one first index, of one last index, or all. */
export type ScaleLayout = 'first' | 'last' | 'all';

/** An operator's version, and the first runtime that knows it. */
export interface OperatorVersion {
  readonly version: number;
  readonly runtime: string;
}

/** How an operator takes an integer weight beside float activations. */
export interface WeightRule {
  readonly builtin: number;
  /** Positions of weights among the operator's inputs. */
  readonly inputs: readonly number[];
  readonly scales: ScaleLayout;
  /** Number of dimensions that the operator's kernel takes, from and to. */
  readonly rank: readonly [number, number];
  /** The version that takes int8, as TensorFlow 2.21's converter writes it. */
  readonly int8: OperatorVersion;
  /** The version that takes int4; absent where there is no kernel for it. */
  readonly int4?: OperatorVersion;
  /** The option that makes the kernel quantize activations with a zero point. */
  readonly asymmetricInputs?: { readonly options: string; readonly slot: number };
  /**
   * What the operator gives instead of floats: `int8` in its weight's one scale, or `rows` of int8 each with a scale of its
   * own. Both have to be turned back.
   */
  readonly gives?: 'int8' | 'rows';
  /** The kernel takes integers for all of these weights or for none. */
  readonly allOrNone?: true;
  /** Has less error than what the converter does, which comes next in the list; not for exact mode. */
  readonly best?: true;
  /**
   * How many values the operator gives at the most.
   *
   * @default 1
   */
  readonly outputs?: number;
  /** Position of the activation input. */
  readonly activation?: number;
  /** Why this very operator cannot, where it cannot. */
  readonly obstacle?: (operator: GraphOperator, graph: Graph) => string | undefined;
}

/** Rows of a table with fewer values would pay more for their scales than they save. */
const MIN_ROW_VALUES = 16;
/** Dimensions that every runtime can multiply with broadcasting. */
const MAX_BROADCAST_RANK = 4;

const CONV_2D: Pick<WeightRule, 'builtin' | 'inputs' | 'activation' | 'scales' | 'rank'> = {
  builtin: OP.conv2d,
  inputs: [1],
  activation: 0,
  scales: 'first',
  rank: [4, 4],
};

const RECURRENT: Pick<WeightRule, 'activation' | 'scales' | 'rank' | 'allOrNone'> = {
  activation: 0,
  scales: 'all',
  rank: [1, 2],
  allOrNone: true,
};
/** To the gates from the input and from the last output, peepholes, projection. */
const LSTM_WEIGHTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16];
/** The same forwards and backwards; then those of a second input. */
const BIDIRECTIONAL_LSTM_WEIGHTS = [
  ...LSTM_WEIGHTS,
  ...LSTM_WEIGHTS.map((input) => input + 17),
  ...[40, 41, 42, 43, 44, 45, 46, 47],
];

/**
 * In order of preference where several are for the same operator. They are those of TensorFlow's quantize_weights.cc; CONV_3D
 * and CONV_3D_TRANSPOSE are not among them, and the converter of 2.21 leaves their weights float.
 */
export const WEIGHT_RULES: readonly WeightRule[] = [
  {
    builtin: OP.fullyConnected,
    inputs: [1],
    activation: 0,
    scales: 'first',
    rank: [2, 2],
    int8: { version: 12, runtime: '2.17.0' },
    int4: { version: 12, runtime: '2.17.0' },
    asymmetricInputs: { options: 'FullyConnectedOptions', slot: 3 },
    obstacle: (operator) => (option(operator, 1) === 0 ? undefined : 'its weights are shuffled'),
  },
  {
    ...CONV_2D,
    int8: { version: 5, runtime: '2.4.0' },
    int4: { version: 7, runtime: '2.11.0' },
    obstacle: (operator, graph) => (isGrouped(operator, graph) ? 'it is a grouped convolution' : undefined),
  },
  { ...CONV_2D, int8: { version: 6, runtime: '2.9.0' }, int4: { version: 7, runtime: '2.11.0' } },
  {
    builtin: OP.depthwiseConv2d,
    inputs: [1],
    activation: 0,
    scales: 'last',
    rank: [4, 4],
    int8: { version: 6, runtime: '2.3.0' },
  },
  {
    builtin: OP.transposeConv,
    inputs: [1],
    activation: 2,
    scales: 'first',
    rank: [4, 4],
    int8: { version: 2, runtime: '2.2.0' },
  },
  {
    builtin: OP.batchMatmul,
    inputs: [1],
    activation: 0,
    scales: 'all',
    rank: [2, 5],
    int8: { version: 4, runtime: '2.5.0' },
    asymmetricInputs: { options: 'BatchMatMulOptions', slot: 2 },
    obstacle: (operator) => (option(operator, 0) === 0 ? undefined : 'its left side is transposed'),
  },
  {
    builtin: OP.embeddingLookup,
    inputs: [1],
    scales: 'first',
    rank: [2, 8],
    int8: { version: 4, runtime: '2.18.0' },
    int4: { version: 4, runtime: '2.18.0' },
  },
  {
    builtin: OP.gather,
    inputs: [0],
    scales: 'first',
    rank: [2, 8],
    int8: { version: 2, runtime: '1.14.0' },
    gives: 'rows',
    best: true,
    obstacle: (operator, graph) => {
      const { shape } = graph.tensors[operator.inputs[0]];
      if (option(operator, 0) !== 0 || option(operator, 1) !== 0) return 'it takes no whole rows';
      if (shape.slice(1).reduce((size, extent) => size * extent, 1) < MIN_ROW_VALUES) return 'its rows are too short';
      const indexes = graph.tensors[operator.inputs[1]]?.shape.length ?? MAX_BROADCAST_RANK;
      const result = graph.tensors[operator.outputs[0]].shape.length;
      if (result !== indexes + shape.length - 1) return 'the shape of its result is not known';
      return result > MAX_BROADCAST_RANK ? 'its result has too many dimensions' : undefined;
    },
  },
  {
    builtin: OP.gather,
    inputs: [0],
    scales: 'all',
    rank: [1, 8],
    int8: { version: 2, runtime: '1.14.0' },
    gives: 'int8',
  },
  {
    ...RECURRENT,
    builtin: OP.unidirectionalSequenceLstm,
    inputs: LSTM_WEIGHTS,
    int8: { version: 3, runtime: '2.3.0' },
    asymmetricInputs: { options: 'UnidirectionalSequenceLSTMOptions', slot: 4 },
  },
  {
    ...RECURRENT,
    builtin: OP.lstm,
    inputs: LSTM_WEIGHTS,
    int8: { version: 4, runtime: '2.3.0' },
    asymmetricInputs: { options: 'LSTMOptions', slot: 4 },
    obstacle: (operator) => (option(operator, 3) === 0 ? undefined : 'it is of the basic kind'),
  },
  {
    ...RECURRENT,
    builtin: OP.rnn,
    inputs: [1, 2],
    int8: { version: 3, runtime: '2.3.0' },
    asymmetricInputs: { options: 'RNNOptions', slot: 1 },
  },
  {
    ...RECURRENT,
    builtin: OP.unidirectionalSequenceRnn,
    inputs: [1, 2],
    int8: { version: 3, runtime: '2.3.0' },
    asymmetricInputs: { options: 'SequenceRNNOptions', slot: 2 },
  },
  {
    ...RECURRENT,
    builtin: OP.bidirectionalSequenceLstm,
    outputs: 2,
    inputs: BIDIRECTIONAL_LSTM_WEIGHTS,
    int8: { version: 3, runtime: '2.3.0' },
    asymmetricInputs: { options: 'BidirectionalSequenceLSTMOptions', slot: 5 },
  },
  {
    ...RECURRENT,
    builtin: OP.bidirectionalSequenceRnn,
    outputs: 2,
    inputs: [1, 2, 5, 6, 10, 11],
    int8: { version: 3, runtime: '2.3.0' },
    asymmetricInputs: { options: 'BidirectionalSequenceRNNOptions', slot: 3 },
  },
  {
    ...RECURRENT,
    builtin: OP.svdf,
    inputs: [1, 2],
    int8: { version: 4, runtime: '2.3.0' },
    asymmetricInputs: { options: 'SVDFOptions', slot: 2 },
  },
];

/** The rule for a weight at this input, or why there is none. */
export function ruleFor(
  operator: GraphOperator,
  input: number,
  graph: Graph,
  mode: 'exact' | 'best',
): WeightRule | string {
  const rules = WEIGHT_RULES.filter(
    ({ builtin, inputs, best }) =>
      builtin === operator.builtin && inputs.includes(input) && (mode === 'best' || best === undefined),
  );
  let reason = `${operator.name} takes no int8 here`;
  for (const rule of rules) {
    const obstacle = obstacleTo(rule, operator, input, graph);
    if (obstacle === undefined) return rule;
    reason = `${operator.name} ${obstacle}`;
  }
  return reason;
}

/** What all uses of a constant have in common. */
export interface CommonUse {
  readonly scales: ScaleLayout;
  /** Whose rules they follow. */
  readonly mode: 'exact' | 'best';
  readonly onTensor: boolean;
  readonly onRows: boolean;
  /** Whether operators are added that turn integers back. */
  readonly inserts: boolean;
  /** An operator that takes no int4, if there is one. */
  readonly noInt4?: string;
}

/** How all uses of a constant take integers, or why they cannot; in best mode, by the converter's rules if need be. */
export function commonUse(uses: readonly Use[], mode: 'exact' | 'best'): CommonUse | string {
  const rules: WeightRule[] = [];
  for (const { operator, input, graph } of uses) {
    const rule = ruleFor(operator, input, graph, mode);
    if (typeof rule === 'string') return rule;
    rules.push(rule);
  }
  const [first] = rules;
  if (first === undefined) return 'no operator reads it';
  const other = rules.findIndex(({ scales }) => scales !== first.scales);
  if (other >= 0) {
    if (mode === 'best') return commonUse(uses, 'exact');
    return `${uses[other].operator.name} and another operator that read it share no scale`;
  }
  const without = rules.findIndex(({ int4 }) => int4 === undefined);
  return {
    scales: first.scales,
    mode,
    onTensor: rules.some(({ gives }) => gives !== 'rows'),
    onRows: rules.some(({ gives }) => gives === 'rows'),
    inserts: rules.some(({ gives }) => gives !== undefined),
    ...(without < 0 ? {} : { noInt4: uses[without].operator.name }),
  };
}

function obstacleTo(rule: WeightRule, operator: GraphOperator, input: number, graph: Graph): string | undefined {
  const rank = graph.tensors[operator.inputs[input]].shape.length;
  if (rank < rule.rank[0] || rank > rule.rank[1]) return `takes no int8 of ${rank} dimensions`;
  const { outputs } = operator;
  if (outputs.length === 0 || outputs.length > (rule.outputs ?? 1))
    return `takes no int8 where it gives ${outputs.length} values`;
  if (outputs.some((output) => graph.tensors[output]?.type !== TYPE.float32)) {
    return 'does not give FLOAT32';
  }
  if (rule.activation !== undefined && graph.tensors[operator.inputs[rule.activation]]?.type !== TYPE.float32) {
    return 'is not fed with FLOAT32';
  }
  if (rule.asymmetricInputs !== undefined && optionsOf(operator)?.type !== rule.asymmetricInputs.options) {
    return 'has no options';
  }
  const obstacle = rule.obstacle?.(operator, graph);
  return obstacle === undefined ? undefined : `takes no int8 here: ${obstacle}`;
}

function isGrouped(operator: GraphOperator, graph: Graph): boolean {
  return graph.tensors[operator.inputs[0]].shape[3] !== graph.tensors[operator.inputs[1]].shape[3];
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
