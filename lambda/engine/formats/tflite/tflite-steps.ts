import { CustomStep, SourceRange } from '../../steps';
import { ScaleLayout } from './weight-rules';

/** What a step prunes: the smallest share of the whole tensor, or two in every four neighbours. */
export type Prune = number | '2:4';

/** FLOAT32 weights that become integers, and which of them share a scale. */
export interface ScaledWeights {
  /** The whole tensor. */
  readonly from: SourceRange;
  readonly scales: ScaleLayout;
  /** How many scales there are. */
  readonly count: number;
  /** Width of the integers. */
  readonly bits: 4 | 8;
  /** Whether scales are sought that leave less error than those of the largest magnitudes. */
  readonly fit: boolean;
  readonly prune?: Prune;
  /** For messages. */
  readonly name: string;
}

/** The flatbuffer, with the scales of all integer weights, which its worker takes from the weights. */
export interface StructureStep extends CustomStep {
  readonly kind: 'tflite.structure';
  /** The flatbuffer with zeros for the scales, deflated, base64. */
  readonly data: string;
  /** Where each tensor's scales go, perhaps several times: the positions of the first, f32 each. */
  readonly scales: readonly { readonly at: readonly number[]; readonly weights: ScaledWeights }[];
}

/** Integer weights from the value number `first` on, which is even where two share a byte. */
export interface IntegerStep extends CustomStep {
  readonly kind: 'tflite.integer';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  readonly weights: ScaledWeights;
  readonly first: number;
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
