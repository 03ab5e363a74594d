import { integerValue, makeNode, makeTensor } from './builders';
import { TYPE } from './element-types';
import { BlockStep } from './onnx-steps';
import { RewriteContext } from './rewrite-int8';
import { blockSegment, blockWeights, Decided, int4Segment } from './weight-data';
import { blockCount } from './block-targets';

/** Weights in blocks of four bits, and floats again before anybody reads them. */
export function rewriteInt4(decided: Decided, { editor }: RewriteContext): void {
  const { constant, treatment } = decided;
  const { tensor, name } = constant;
  const weights = blockWeights(decided);
  const blocks = blockCount(weights);
  const { outputs, outputsFirst, asymmetric, blockSize } = weights;
  editor.removeConstant(constant);
  const add = (suffix: string, type: number, shape: readonly number[], emit: BlockStep['emit']): string => {
    const own = editor.newName(`${name}_${suffix}`);
    const data = outputsFirst ? blockSegment(decided, weights, emit) : int4Segment(decided, weights, emit);
    editor.addConstant(constant, own, makeTensor(own, type, shape, data));
    return own;
  };
  const integers = asymmetric ? TYPE.uint4 : TYPE.int4;
  const shape = outputsFirst ? [outputs, blocks] : [blocks, outputs];
  const names = [
    add('quantized', integers, tensor.shape, 'data'),
    add('scale', tensor.type, shape, 'scales'),
    ...(asymmetric ? [add('zero_point', integers, shape, 'points')] : []),
  ];
  editor.addAtConstant(
    constant,
    makeNode({
      operator: 'DequantizeLinear',
      name: editor.newName(`${name}_DequantizeLinear`),
      inputs: names,
      outputs: [name],
      attributes: [integerValue('axis', treatment.role!.reduced), integerValue('block_size', blockSize)],
    }),
  );
}
