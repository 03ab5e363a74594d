import { SourceRange } from '../steps';
import { WeightType } from './weight-type';

/** Weights with their type: a range, or one projection of a matrix that lies input-major. */
export interface WeightRange extends SourceRange {
  readonly dtype: WeightType;
  /**
   * Where the matrix lies input-major: weights from one input feature to the next. Then `offset` is that of its first
   * weight, and `length` is the bytes of its own weights, between which others lie.
   */
  readonly pitch?: number;
}
