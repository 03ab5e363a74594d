import { PartRole } from '../../recipes/scheme';
import { CustomStep, SourceRange } from '../../steps';
import { WeightType } from './dtypes';

/** A range of weights with their type. */
export interface WeightRange extends SourceRange {
  readonly dtype: WeightType;
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
  readonly shared?: readonly WeightRange[];
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
