import { int32s, table, TableNode, withFields } from './flatbuffer-nodes';
import { OP, OPERATOR, TENSOR, TYPE } from './model-fields';
import { GraphOperator } from './model-graph';
import type { GraphRewriter } from './rewrite-graph';
import { unionMember } from './schema';

/** First versions and runtimes of the operators that turn rows back. */
const CAST = { version: 3, runtime: '2.8.0' };
const MUL = { version: 1, runtime: '1.5.0' };

/**
 * Lets GATHER take int8 rows and, beside them, the rows' scales, and multiplies the two. DEQUANTIZE has no kernel for rows
 * that each have a scale of their own.
 */
export function pushRows(rewriter: GraphRewriter, operator: GraphOperator, node: TableNode, rowScales: number): void {
  const [tableTensor, indexes] = operator.inputs;
  const [result] = operator.outputs;
  const { shape } = rewriter.graph.tensors[tableTensor];
  const rank = rewriter.graph.tensors[indexes].shape.length;
  const plain = { [TENSOR.type]: TYPE.float32, [TENSOR.quantization]: undefined };
  // The result's own dimensions, those of the indexes, and 1 for each of the row's.
  const ones = (dimensions: readonly number[]) =>
    int32s([...dimensions.slice(0, rank), ...shape.slice(1).map(() => 1)]);
  const { node: likeResult, shape: resultShape, signature } = rewriter.graph.tensors[result];
  const scales = rewriter.newTensor(tableTensor, '_scales', {
    ...plain,
    [TENSOR.buffer]: rowScales,
    [TENSOR.shape]: int32s([shape[0], ...shape.slice(1).map(() => 1)]),
    [TENSOR.shapeSignature]: undefined,
  });
  const integers = rewriter.newTensor(result, '_int8', { ...plain, [TENSOR.type]: TYPE.int8 });
  const floats = rewriter.newTensor(result, '_unscaled', plain);
  const factors = rewriter.newTensor(result, '_scales', {
    ...plain,
    [TENSOR.shape]: ones(resultShape),
    [TENSOR.shapeSignature]: likeResult.fields[TENSOR.shapeSignature] === undefined ? undefined : ones(signature),
  });
  const places = (inputs: number[], output: number) => ({
    [OPERATOR.inputs]: int32s(inputs),
    [OPERATOR.outputs]: int32s([output]),
  });
  rewriter.push(withFields(node, places([tableTensor, indexes], integers)));
  rewriter.push(withFields(operator.node, places([scales, indexes], factors)));
  const options = (name: string, fields: Record<number, number>) => ({
    [OPERATOR.optionsKind]: unionMember('BuiltinOptions', name),
    [OPERATOR.options]: table(name, fields),
  });
  rewriter.push(
    table('Operator', {
      [OPERATOR.code]: rewriter.code(OP.cast, CAST),
      ...places([integers], floats),
      ...options('CastOptions', { 0: TYPE.int8, 1: TYPE.float32 }),
    }),
  );
  rewriter.push(
    table('Operator', {
      [OPERATOR.code]: rewriter.code(OP.mul, MUL),
      ...places([floats, factors], result),
      ...options('MulOptions', {}),
    }),
  );
}
