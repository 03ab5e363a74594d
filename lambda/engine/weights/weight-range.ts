import { SourceRange } from '../steps';
import { WeightType } from './weight-type';

/** A range of weights with their type. */
export interface WeightRange extends SourceRange {
  readonly dtype: WeightType;
}
