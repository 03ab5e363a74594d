import { WeightType } from '../../../weights/weight-type';

/** What a part of a compressed weight holds; a step may be asked for the weights or for the rest alone. */
export type PartRole = 'data' | 'scale' | 'zero-point' | 'global-scale' | 'shape';

/** One tensor of a compressed weight. */
export interface SchemePart {
  /** What follows the module's name and a dot. */
  readonly suffix: string;
  readonly role: PartRole;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Length in bytes. */
  readonly bytes: number;
}

/** Extents of a weight: output features by input features. */
export interface WeightShape {
  readonly rows: number;
  readonly columns: number;
}

/** A number format that loaders of compressed-tensors checkpoints know. */
export interface Scheme {
  /** The recipe's word. */
  readonly method: string;
  /** The checkpoint's word for how the tensors are stored. */
  readonly format: string;
  /** Weights along a row that share a scale; undefined where a row or a block does. */
  readonly groupSize: number | undefined;
  /** A row's length must be a multiple of this. */
  readonly columnMultiple: number;
  /** Rows that can only be made together: they share a scale or a word of packed zero points. */
  readonly rowMultiple: number;
  /** Whether the weights that run as one matrix also share a number (NVFP4's global scale). */
  readonly sharesScale: boolean;
  readonly symmetric: boolean;
  /** The tensors of one weight, in the order in which they are written. */
  parts(shape: WeightShape, dtype: WeightType): readonly SchemePart[];
  /** The group's `weights` in `quantization_config`. */
  readonly weights: Readonly<Record<string, unknown>>;
  /** The group's `input_activations` in `quantization_config`. */
  readonly inputActivations: Readonly<Record<string, unknown>> | null;
}
