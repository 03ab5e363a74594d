import { describeNode, GraphNode, integerAttribute } from './graph';
import { Use } from './weights';

/** How an operator uses a weight: which dimension has a number of its own per channel, and which is summed over. */
export interface WeightRole {
  /** Dimension whose every index gets a scale. */
  readonly channels: number;
  /** Dimension along which products are added up; 2:4 is a pattern along it. */
  readonly reduced: number;
}

type Rule = (use: Use, rank: number) => WeightRole | undefined;

const matMul: Rule = ({ input }, rank) => {
  if (rank < 2) return undefined;
  return input === 1 ? { channels: rank - 1, reduced: rank - 2 } : { channels: rank - 2, reduced: rank - 1 };
};

const gemm: Rule = ({ node, input }, rank) => {
  if (rank !== 2 || input > 1) return undefined;
  const transposed = integerAttribute(node, input === 0 ? 'transA' : 'transB', 0) !== 0;
  const last = (input === 1) !== transposed;
  return last ? { channels: 1, reduced: 0 } : { channels: 0, reduced: 1 };
};

const recurrent: Rule = ({ input }, rank) =>
  rank === 3 && (input === 1 || input === 2) ? { channels: 1, reduced: 2 } : undefined;

/** Operators whose weights are compressed, ONNX's own all of them. */
const RULES: Readonly<Record<string, Rule>> = {
  MatMul: matMul,
  Gemm: gemm,
  Conv: ({ input }, rank) => (input === 1 && rank >= 3 ? { channels: 0, reduced: 1 } : undefined),
  ConvTranspose: ({ input }, rank) => (input === 1 && rank >= 3 ? { channels: 1, reduced: 0 } : undefined),
  Gather: ({ node, input }, rank) =>
    input === 0 && rank === 2 && integerAttribute(node, 'axis', 0) === 0 ? { channels: 0, reduced: 1 } : undefined,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
};

/** How a use reads its constant as a weight, or why it does not. */
export function roleOf(use: Use, rank: number): WeightRole | string {
  const { node } = use;
  const role = node.domain === '' ? RULES[node.operator]?.(use, rank) : undefined;
  return role ?? `${describeNode(node)} reads it, which takes no compressed weight here`;
}

export function isOperator(node: GraphNode, operator: string): boolean {
  return node.domain === '' && node.operator === operator;
}
