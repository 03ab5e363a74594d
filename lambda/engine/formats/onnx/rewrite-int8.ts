import { integerValue, makeNode, makeTensor, MICROSOFT } from './builders';
import { TYPE } from './element-types';
import { Segment } from '../cut-pieces';
import { ModelEditor } from './model-editor';
import { ChannelWeights, Integers, TableStep } from './onnx-steps';
import { tableSegment } from './table-data';
import { HALF_SCALE_SET, PER_CHANNEL_SET } from './treatment';
import { channelWeights, Decided, integerSegment, scaleSegment, zeroPointSegment } from './weight-data';

/** Names of the constants that a weight becomes. */
export interface QuantizedNames {
  readonly weights: string;
  /** One number a channel, or a single one without dimensions. */
  readonly scales: string;
  /** Of uint8: as many as scales. */
  readonly zeroPoint?: string;
}

/** What quantized weights need to know of the model. */
export interface RewriteContext {
  readonly editor: ModelEditor;
  /** Version of ONNX's operators that the model uses. */
  readonly operatorSet: number;
}

/** Puts the integers and their scales in the place of a weight. */
export function addIntegers(
  decided: Decided,
  weights: ChannelWeights,
  integers: Integers,
  { editor }: RewriteContext,
): QuantizedNames {
  const { constant } = decided;
  const { tensor, name } = constant;
  const names = {
    weights: editor.newName(`${name}_quantized`),
    scales: editor.newName(`${name}_scale`),
    ...(integers === 'uint8' ? { zeroPoint: editor.newName(`${name}_zero_point`) } : {}),
  };
  editor.removeConstant(constant);
  const add = (own: string, type: number, shape: readonly number[], data: Segment) =>
    editor.addConstant(constant, own, makeTensor(own, type, shape, data));
  add(names.weights, TYPE[integers], tensor.shape, integerSegment(decided, weights, integers));
  const shape = weights.channels === 1 && decided.treatment.role === undefined ? [] : [weights.channels];
  add(names.scales, tensor.type, shape, scaleSegment(weights, integers));
  if (names.zeroPoint !== undefined) add(names.zeroPoint, TYPE.uint8, [], zeroPointSegment(weights, integers));
  return names;
}

/** Puts uint8 in the place of a table, and a scale and a zero point for each row. */
export function addTable(decided: Decided, weights: ChannelWeights, { editor }: RewriteContext): QuantizedNames {
  const { constant } = decided;
  const { tensor, name } = constant;
  const add = (suffix: string, type: number, shape: readonly number[], emit: TableStep['emit']): string => {
    const own = editor.newName(`${name}_${suffix}`);
    editor.addConstant(constant, own, makeTensor(own, type, shape, tableSegment(decided, weights, emit)));
    return own;
  };
  editor.removeConstant(constant);
  return {
    weights: add('quantized', TYPE.uint8, tensor.shape, 'data'),
    scales: add('scale', tensor.type, [weights.channels], 'scales'),
    zeroPoint: add('zero_point', TYPE.uint8, [weights.channels], 'points'),
  };
}

/** Gives a weight back under its own name, so that whoever reads it need not change. */
export function addDequantize(
  decided: Decided,
  names: QuantizedNames,
  perChannel: boolean,
  context: RewriteContext,
): void {
  const { constant, treatment } = decided;
  const { editor, operatorSet } = context;
  const halves = constant.tensor.type !== TYPE.float;
  const contributed = operatorSet < (halves ? HALF_SCALE_SET : PER_CHANNEL_SET);
  if (contributed) editor.useDomain(MICROSOFT, 1);
  editor.addAtConstant(
    constant,
    makeNode({
      operator: 'DequantizeLinear',
      ...(contributed ? { domain: MICROSOFT } : {}),
      name: editor.newName(`${constant.name}_DequantizeLinear`),
      inputs: [names.weights, names.scales, ...(names.zeroPoint === undefined ? [] : [names.zeroPoint])],
      outputs: [constant.name],
      attributes: perChannel ? [integerValue('axis', treatment.role!.channels)] : [],
    }),
  );
}

/** Weights as int8 with a scale for each channel, and floats again before anybody reads them. */
export function rewriteInt8(decided: Decided, context: RewriteContext): void {
  const names = addIntegers(decided, channelWeights(decided, true), 'int8', context);
  addDequantize(decided, names, true, context);
}
