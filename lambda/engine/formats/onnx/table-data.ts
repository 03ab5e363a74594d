import { weightBytes } from '../../weights/weight-type';
import { Segment } from '../cut-pieces';
import { unitOf } from './integer-executor';
import { ChannelWeights, TableStep } from './onnx-steps';
import { Treatment } from './treatment';
import { Decided } from './weight-data';
import { isOperator } from './weight-rules';

/** Whether all that computes with a weight's integers picks rows of it. */
export function isTable({ integerUses }: Treatment): boolean {
  return integerUses !== undefined && integerUses.every(({ node }) => isOperator(node, 'Gather'));
}

/** Whether the rows of a table take less room than a scale and a zero point for each would. */
export function hasShortRows({ from, inner }: ChannelWeights): boolean {
  return inner < weightBytes(from.dtype) + 1;
}

/** Bytes that a step writes for each row. */
export function bytesOfRow({ from, inner }: ChannelWeights, emit: TableStep['emit']): number {
  return { data: inner, scales: weightBytes(from.dtype), points: 1 }[emit];
}

/** Rows of a table with a scale and a zero point each; or those. */
export function tableSegment(decided: Decided, weights: ChannelWeights, emit: TableStep['emit']): Segment {
  const { treatment, index: tensor } = decided;
  const { prune } = treatment;
  const { from, channels } = weights;
  const each = bytesOfRow(weights, emit);
  const step = (first: number, length: number): TableStep => ({
    kind: 'onnx.table',
    length,
    tensor,
    weights,
    emit,
    first: first / each,
    ...(prune === undefined ? {} : { prune }),
  });
  const data = emit === 'data';
  const passes = 1 + (typeof prune?.share === 'number' ? 1 : 0);
  return {
    length: each * channels,
    unit: data ? unitOf(weights, prune) : each,
    // Scales come out of the weights, which the same worker has read before them.
    costPerByte: data ? weightBytes(from.dtype) : 0,
    fixedCost: data ? passes * from.length : 0,
    step,
  };
}
