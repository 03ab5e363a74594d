import { PartRole } from './schemes/scheme';
import { CustomStep } from '../../steps';
import { WeightRange } from '../../weights/weight-range';
import { WeightType } from '../../weights/weight-type';

/** Weights that share a number with others. */
export interface SharedRange extends WeightRange {
  /** The module, or those that lie in each other there, for messages. */
  readonly module: string;
}

/** Quantizes rows of a matrix; writes the named parts, each for these rows, in the scheme's order. */
export interface QuantizeStep extends CustomStep {
  readonly kind: 'safetensors.quantize';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  /** The module, for messages. */
  readonly module: string;
  /** The whole matrix. */
  readonly from: WeightRange;
  readonly rows: number;
  readonly columns: number;
  readonly method: string;
  readonly groupSize?: number;
  /** First row, and the row after the last. */
  readonly begin: number;
  readonly end: number;
  readonly emit: readonly PartRole[];
  /** Matrices that share the global scale, this one included. */
  readonly shared?: readonly SharedRange[];
  readonly prune: boolean;
}

/** Prunes, or rounds to another plain type, or both, a run of weights. */
export interface ConvertStep extends CustomStep {
  readonly kind: 'safetensors.convert';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  /** The tensor, for messages. */
  readonly module: string;
  readonly from: WeightRange;
  readonly to: WeightType;
  /** The matrix whose weights are ranked when it is pruned. */
  readonly prunedWithin?: WeightRange;
}
