import { CustomStep } from '../../steps';
import { WeightRange } from '../../weights/weight-range';

/** Weights of a tensor, seen as three dimensions of which the middle one has a scale per index. */
export interface ChannelWeights {
  /** The whole tensor. */
  readonly from: WeightRange;
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
  /** Whether all channels take one scale where that leaves less error than one for each. */
  readonly orOneScale?: true;
  /** For messages. */
  readonly name: string;
}

/** How weights are pruned before anything else: the smallest of the tensor, or two of four along a dimension. */
export interface PrunePattern {
  readonly share: number | '2:4';
  /** For 2:4: how far apart neighbours along the dimension lie, in values. */
  readonly stride: number;
}

/** Integers with a scale each: int8 around zero, or uint8 with a zero point for all. */
export type Integers = 'int8' | 'uint8';

/** Quantized weights from the value number `first` on, one byte each. */
export interface IntegerStep extends CustomStep {
  readonly kind: 'onnx.integers';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  readonly weights: ChannelWeights;
  readonly integers: Integers;
  readonly first: number;
  readonly prune?: PrunePattern;
}

/** The scales of quantized weights in the weights' type, or their zero point. */
export interface ScaleStep extends CustomStep {
  readonly kind: 'onnx.scales';
  readonly weights: ChannelWeights;
  readonly integers: Integers;
  readonly emit: 'scales' | 'zero-point';
}

/** Rows of a table, each with a scale and a zero point of its own, from row number `first` on; or those. */
export interface TableStep extends CustomStep {
  readonly kind: 'onnx.table';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  /** With rows as channels. */
  readonly weights: ChannelWeights;
  readonly emit: 'data' | 'scales' | 'points';
  readonly first: number;
  readonly prune?: PrunePattern;
}

/** Weights from the value number `first` on, pruned or rounded to float16 or both. */
export interface FloatStep extends CustomStep {
  readonly kind: 'onnx.floats';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  readonly from: WeightRange;
  readonly to: WeightRange['dtype'];
  readonly first: number;
  readonly name: string;
  readonly prune?: PrunePattern;
}

/** A matrix whose every output's weights are cut into blocks along the inputs, for MatMulNBits. */
export interface BlockWeights {
  /** The whole matrix. */
  readonly from: WeightRange;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the weights of an output follow each other; otherwise those of an input do. */
  readonly outputsFirst: boolean;
  /** A power of two from 16 on. */
  readonly blockSize: number;
  /** Whether blocks have a zero point. */
  readonly asymmetric: boolean;
  /** Whether DequantizeLinear reads them, whose tensors have no gaps, and not MatMulNBits. */
  readonly dequantized: boolean;
  /** For messages. */
  readonly name: string;
}

/** Four-bit weights of the outputs from number `first` on, or their scales, or their zero points. */
export interface BlockStep extends CustomStep {
  readonly kind: 'onnx.blocks';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  readonly weights: BlockWeights;
  readonly emit: 'data' | 'scales' | 'points';
  readonly first: number;
  readonly prune?: PrunePattern;
}

/** Rows of a matrix from number `first` on in four bits, or the scales of all, or their zero points. */
export interface Int4Step extends CustomStep {
  readonly kind: 'onnx.int4';
  /** Index into the plan's tensors. */
  readonly tensor: number;
  /** One with the weights of an input after each other. */
  readonly weights: BlockWeights;
  readonly emit: 'data' | 'scales' | 'points';
  readonly first: number;
  readonly prune?: PrunePattern;
}
