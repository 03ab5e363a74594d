import { integerValue, makeNode, makeTensor } from './builders';
import { TYPE } from './element-types';
import { RewriteContext } from './rewrite-int8';
import { blockSegment, blockWeights, Decided, int4Segment } from './weight-data';
import { blockCount } from './block-targets';

/** Weights in blocks of four bits, and floats again before anybody reads them. */
export function rewriteInt4(decided: Decided, { editor }: RewriteContext): void {
  const { constant, treatment } = decided;
  const { tensor, name } = constant;
  const { blockSize } = treatment.blocks!;
  const weights = blockWeights(decided, blockSize, false);
  const blocks = blockCount(weights);
  const { outputs, outputsFirst } = weights;
  const names = { weights: editor.newName(`${name}_quantized`), scales: editor.newName(`${name}_scale`) };
  editor.removeConstant(constant);
  const [data, scales] = outputsFirst
    ? [blockSegment(decided, weights, 'data', true), blockSegment(decided, weights, 'scales')]
    : [int4Segment(decided, weights, 'data'), int4Segment(decided, weights, 'scales')];
  editor.addConstant(constant, names.weights, makeTensor(names.weights, TYPE.int4, tensor.shape, data));
  const shape = outputsFirst ? [outputs, blocks] : [blocks, outputs];
  editor.addConstant(constant, names.scales, makeTensor(names.scales, tensor.type, shape, scales));
  editor.addAtConstant(
    constant,
    makeNode({
      operator: 'DequantizeLinear',
      name: editor.newName(`${name}_DequantizeLinear`),
      inputs: [names.weights, names.scales],
      outputs: [name],
      attributes: [integerValue('axis', treatment.role!.reduced), integerValue('block_size', blockSize)],
    }),
  );
}
