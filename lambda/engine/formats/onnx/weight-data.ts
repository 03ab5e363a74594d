import { Segment } from '../cut-pieces';
import { weightBytes, WeightType } from '../../weights/weight-type';
import { unitOf } from './integer-executor';
import { blockCount } from './block-targets';
import { bytesOfOutput } from './block-executor';
import {
  BlockStep,
  BlockWeights,
  ChannelWeights,
  FloatStep,
  Int4Step,
  Integers,
  IntegerStep,
  PrunePattern,
  ScaleStep,
} from './onnx-steps';
import { channelsApart } from './scales';
import { channelsOf, Treatment, WEIGHT_TYPE } from './treatment';
import { Constant } from './weights';

/** Values between possible cuts where channels do not matter; a multiple of four, for 2:4. */
const CUT_VALUES = 1024;

/** Values of the longest run that is not cut where channels do not matter. */
const MOST_RUN_VALUES = 256 * 1024;

/** A constant and what happens to it. */
export interface Decided {
  readonly constant: Constant;
  readonly treatment: Treatment;
  /** Index among the plan's tensors. */
  readonly index: number;
}

export function weightType({ constant }: Decided): WeightType {
  return WEIGHT_TYPE[constant.tensor.type];
}

/** The weights with a scale for each channel, or one for all. */
export function channelWeights(decided: Decided, perChannel: boolean): ChannelWeights {
  const { tensor, name } = decided.constant;
  const from = { ...tensor.data!, dtype: weightType(decided) };
  const channels = perChannel
    ? channelsOf(tensor.shape, decided.treatment.role!)
    : { outer: tensor.count / runLength(tensor.shape), channels: 1, inner: runLength(tensor.shape) };
  return { from, ...channels, name };
}

/**
 * Where all weights share a scale, any run is as good as a row: one long enough for kernels, and short enough to cut at and
 * to be held. Of a dimension it takes fours, so that 2:4 finds them whole.
 */
function runLength(shape: readonly number[]): number {
  let length = 1;
  for (let at = shape.length - 1; at >= 0 && length < CUT_VALUES; at--) {
    if (length * shape[at] > MOST_RUN_VALUES) return length * partOf(shape[at], CUT_VALUES / length);
    length *= shape[at];
  }
  return length;
}

/** The smallest divisor of a dimension from `least` on that is a multiple of four; 1 where the next one is far off. */
function partOf(size: number, least: number): number {
  for (let part = 4 * Math.ceil(least / 4); part < 4 * least; part += 4) if (size % part === 0) return part;
  return 1;
}

/** Integers, one byte a value. */
export function integerSegment(decided: Decided, weights: ChannelWeights, integers: Integers): Segment {
  const { constant, treatment, index: tensor } = decided;
  const { count: length } = constant.tensor;
  const prune = treatment.prune;
  const width = weightBytes(weights.from.dtype);
  const step = (first: number, part: number): IntegerStep => ({
    kind: 'onnx.integers',
    length: part,
    tensor,
    weights,
    integers,
    first,
    ...(prune === undefined ? {} : { prune }),
  });
  const passes = (channelsApart(weights) ? 0 : 1) + (typeof prune?.share === 'number' ? 1 : 0);
  return {
    length,
    unit: unitOf(weights, prune),
    costPerByte: width,
    fixedCost: passes * weights.from.length,
    step,
  };
}

/** The scales of integers. What is read for them is read for the integers anyway. */
export function scaleSegment(weights: ChannelWeights, integers: Integers): Segment {
  const length = (integers === 'uint8' ? 1 : weights.channels) * weightBytes(weights.from.dtype);
  const step = (): ScaleStep => ({ kind: 'onnx.scales', length, weights, integers, emit: 'scales' });
  return { length, unit: length, costPerByte: 0, fixedCost: 0, step };
}

export function zeroPointSegment(weights: ChannelWeights, integers: Integers): Segment {
  const step = (): ScaleStep => ({ kind: 'onnx.scales', length: 1, weights, integers, emit: 'zero-point' });
  return { length: 1, unit: 1, costPerByte: 0, fixedCost: 0, step };
}

/** A matrix in blocks of four bits. */
export function blockWeights(decided: Decided): BlockWeights {
  const { tensor, name } = decided.constant;
  const { channels, reduced } = decided.treatment.role!;
  return {
    from: { ...tensor.data!, dtype: weightType(decided) },
    inputs: tensor.shape[reduced],
    outputs: tensor.shape[channels],
    outputsFirst: channels === 0,
    ...decided.treatment.blocks!,
    name,
  };
}

export function blockSegment(decided: Decided, weights: BlockWeights, emit: BlockStep['emit']): Segment {
  const { treatment, index: tensor } = decided;
  const flat = weights.dequantized && emit === 'points';
  const each = flat ? flatBytes(blockCount(weights) * weights.outputs) : bytesOfOutput({ weights, emit });
  const { prune } = treatment;
  const step = (first: number, length: number): BlockStep => ({
    kind: 'onnx.blocks',
    length,
    tensor,
    weights,
    emit,
    first: first / each,
    ...(prune === undefined ? {} : { prune }),
  });
  const data = emit === 'data';
  return {
    length: flat ? each : each * weights.outputs,
    unit: each,
    // Scales come out of the weights, which the same worker has read before them.
    costPerByte: data ? weights.from.length / (each * weights.outputs) : 0,
    fixedCost: data && !weights.outputsFirst ? weights.from.length : 0,
    step,
  };
}

/** Bytes of so many numbers of four bits without gaps. */
export function flatBytes(count: number): number {
  return Math.ceil(count / 2);
}

/** A matrix in four bits with its own dimensions, blocks of rows sharing a scale for each column; or what they share. */
export function int4Segment(decided: Decided, weights: BlockWeights, emit: Int4Step['emit']): Segment {
  const { treatment, index: tensor } = decided;
  const { prune } = treatment;
  const { inputs, outputs, blockSize, from } = weights;
  const blocks = blockCount(weights) * outputs;
  // Half a byte may be left where a row ends, but none where a block of rows does.
  const rowBytes = outputs / 2;
  const data = emit === 'data';
  const length = data
    ? flatBytes(inputs * outputs)
    : emit === 'points'
      ? flatBytes(blocks)
      : blocks * weightBytes(from.dtype);
  const step = (first: number, part: number): Int4Step => ({
    kind: 'onnx.int4',
    length: part,
    tensor,
    weights,
    emit,
    first: data ? first / rowBytes : 0,
    ...(prune === undefined ? {} : { prune }),
  });
  return {
    length,
    unit: data ? blockSize * rowBytes : length,
    // Zero points come out with the scales, which the same worker has written before them.
    costPerByte: emit === 'points' ? 0 : from.length / length,
    fixedCost: emit !== 'points' && typeof prune?.share === 'number' ? from.length : 0,
    step,
  };
}

/** Floats of a type, pruned where the recipe says so. */
export function floatSegment(decided: Decided, to: WeightType): Segment {
  const { constant, treatment, index: tensor } = decided;
  const dtype = weightType(decided);
  const prune: PrunePattern | undefined = treatment.prune;
  const from = { ...constant.tensor.data!, dtype };
  const width = weightBytes(to);
  const step = (first: number, length: number): FloatStep => ({
    kind: 'onnx.floats',
    length,
    tensor,
    from,
    to,
    first: first / width,
    name: constant.name,
    ...(prune === undefined ? {} : { prune }),
  });
  const unit = prune?.share === '2:4' ? 4 * prune.stride : CUT_VALUES;
  return {
    length: constant.tensor.count * width,
    unit: Math.min(unit, constant.tensor.count) * width,
    costPerByte: weightBytes(dtype) / width,
    fixedCost: typeof prune?.share === 'number' ? from.length : 0,
    step,
  };
}
