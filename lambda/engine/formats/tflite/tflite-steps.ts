import { CustomStep, SourceRange } from '../../steps';
import { ScaleLayout } from './weight-rules';

/** FLOAT32 weights and which of them share a scale. */
export interface ScaledWeights {
  /** The whole tensor. */
  readonly from: SourceRange;
  readonly scales: ScaleLayout;
  /** How many scales there are. */
  readonly count: number;
  /** For messages. */
  readonly name: string;
}

/** The flatbuffer, with the scales of all int8 weights, which its worker takes from the weights. */
export interface StructureStep extends CustomStep {
  readonly kind: 'tflite.structure';
  /** The flatbuffer with zeros for the scales, base64. */
  readonly data: string;
  /** Where each tensor's scales go: the position of the first, f32 each. */
  readonly scales: readonly { readonly at: number; readonly weights: ScaledWeights }[];
}

/** What a step prunes: the smallest share of the whole tensor, or two in every four neighbours. */
export type Prune = number | '2:4';

/** Int8 weights from the value number `first` on, one byte each. */
export interface Int8Step extends CustomStep {
  readonly kind: 'tflite.int8';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  readonly weights: ScaledWeights;
  readonly first: number;
  readonly prune?: Prune;
}

/** Float weights from the value number `first` on, pruned or rounded to float16 or both. */
export interface FloatStep extends CustomStep {
  readonly kind: 'tflite.float';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  /** The whole tensor, FLOAT32. */
  readonly from: SourceRange;
  readonly to: 'f16' | 'f32';
  readonly first: number;
  readonly prune?: Prune;
  /** For messages. */
  readonly name: string;
}
