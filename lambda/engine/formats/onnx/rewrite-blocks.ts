import { integerValue, makeTensor, MICROSOFT } from './builders';
import { TYPE } from './element-types';
import { finishGemm, Steps, transposedA } from './node-steps';
import { BlockStep } from './onnx-steps';
import { RewriteContext } from './rewrite-int8';
import { Decided, blockSegment, blockWeights } from './weight-data';
import { bytesOfOutput } from './block-executor';
import { blockCount } from './block-targets';
import { isOperator } from './weight-rules';

/** Lets onnxruntime's kernels quantize activations to int8 as they multiply; without, they are many times slower. */
const ACCURACY_LEVEL = 4;

/** Weights in blocks of four bits, and MatMulNBits of onnxruntime where they are multiplied. */
export function rewriteBlocks(decided: Decided, context: RewriteContext): void {
  const { constant } = decided;
  const { editor } = context;
  const weights = blockWeights(decided);
  const { inputs, outputs, blockSize, asymmetric } = weights;
  const blocks = blockCount(weights);
  editor.removeConstant(constant);
  const add = (suffix: string, type: number, shape: readonly number[], emit: BlockStep['emit']): string => {
    const name = editor.newName(`${constant.name}_${suffix}`);
    editor.addConstant(constant, name, makeTensor(name, type, shape, blockSegment(decided, weights, emit)));
    return name;
  };
  const names = [
    add('Q4', TYPE.uint8, [outputs, blocks, blockSize / 2], 'data'),
    add('scales', constant.tensor.type, [outputs, blocks], 'scales'),
    ...(asymmetric
      ? [add('zero_points', TYPE.uint8, [outputs, bytesOfOutput({ weights, emit: 'points' })], 'points')]
      : []),
  ];
  const attributes = [
    integerValue('K', inputs),
    integerValue('N', outputs),
    integerValue('bits', 4),
    integerValue('block_size', blockSize),
    integerValue('accuracy_level', ACCURACY_LEVEL),
  ];
  editor.useDomain(MICROSOFT, 1);
  for (const { node } of constant.uses) {
    const steps = new Steps(node, context);
    if (isOperator(node, 'Gemm')) {
      const [product] = steps.addAll(
        'MatMulNBits',
        [transposedA(node, steps), ...names],
        ['MatMulNBits'],
        attributes,
        MICROSOFT,
      );
      finishGemm(node, steps, product);
    } else steps.finish('MatMulNBits', [node.inputs[0], ...names], node.outputs[0], attributes, MICROSOFT);
    editor.replaceNode(node, ...steps.nodes);
  }
}
