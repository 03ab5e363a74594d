import { int32s, string, table, TableNode, withFields } from './flatbuffer-nodes';
import { OP, OPERATOR, QUANTIZATION, SUBGRAPH, TENSOR, TYPE } from './model-fields';
import { Graph, GraphOperator } from './model-graph';
import { OperatorCodes } from './operator-codes';
import { optionsOf, ruleFor, WeightRule } from './weight-rules';

/** What becomes of a tensor. */
export type TensorChange = { readonly to: 'int8'; readonly quantization: TableNode } | { readonly to: 'fp16' };

/** First runtimes that know the conversions to float: of float16, and of int8. */
const DEQUANTIZE = {
  fp16: { version: 3, runtime: '1.15.0' },
  int8: { version: 2, runtime: '1.14.0' },
} as const;

/**
 * Rewrites one subgraph for tensors that change their type: int8 weights raise their operators' versions, float16
 * constants are turned back into floats before their first reader, so that operators stay in an order that runs.
 */
export class GraphRewriter {
  /** Runtime versions that the rewritten operators need. */
  readonly runtimes: string[] = [];
  private readonly tensors: TableNode[];
  private readonly operators: TableNode[] = [];
  private readonly floats = new Map<number, number>();

  constructor(
    private readonly graph: Graph,
    private readonly changes: ReadonlyMap<number, TensorChange>,
    private readonly codes: OperatorCodes,
    private readonly emptyBuffer: number,
  ) {
    this.tensors = graph.tensors.map(({ node }, index) => this.changed(node, index));
  }

  rewrite(): TableNode {
    for (const operator of this.graph.operators) this.operator(operator);
    return withFields(this.graph.node, {
      [SUBGRAPH.tensors]: { kind: 'tables', items: this.tensors },
      [SUBGRAPH.operators]: { kind: 'tables', items: this.operators },
    });
  }

  private changed(node: TableNode, index: number): TableNode {
    const change = this.changes.get(index);
    if (change === undefined) return node;
    if (change.to === 'fp16') return withFields(node, { [TENSOR.type]: TYPE.float16 });
    return withFields(node, { [TENSOR.type]: TYPE.int8, [TENSOR.quantization]: change.quantization });
  }

  private operator(operator: GraphOperator): void {
    let { node } = operator;
    const inputs = operator.inputs.map((tensor) =>
      this.changes.get(tensor)?.to === 'fp16' ? this.asFloat(tensor) : tensor,
    );
    if (inputs.some((tensor, i) => tensor !== operator.inputs[i])) {
      node = withFields(node, { [OPERATOR.inputs]: int32s(inputs) });
    }
    const weight = operator.inputs.findIndex((tensor) => this.changes.get(tensor)?.to === 'int8');
    const rule = weight < 0 ? undefined : ruleFor(operator, weight, this.graph);
    if (rule === undefined || typeof rule === 'string') {
      this.operators.push(node);
      return;
    }
    node = this.forInt8(operator, node, rule);
    if (rule.int8Result) this.pushInt8Result(operator, node, operator.inputs[weight]);
    else this.operators.push(node);
  }

  private forInt8(operator: GraphOperator, node: TableNode, rule: WeightRule): TableNode {
    this.runtimes.push(rule.runtime);
    const code = this.codes.index(rule.builtin, Math.max(operator.version, rule.version));
    const options = optionsOf(operator);
    const asymmetric =
      rule.asymmetricInputs === undefined ? undefined : withFields(options!, { [rule.asymmetricInputs.slot]: 1 });
    return withFields(node, { [OPERATOR.code]: code, ...(asymmetric ? { [OPERATOR.options]: asymmetric } : {}) });
  }

  /** Lets an operator give int8 in its weight's scale, and turns that back into the floats that were asked for. */
  private pushInt8Result(operator: GraphOperator, node: TableNode, weight: number): void {
    const result = operator.outputs[0];
    const change = this.changes.get(weight) as TensorChange & { to: 'int8' };
    const between = this.newTensor(result, '_int8', {
      [TENSOR.type]: TYPE.int8,
      [TENSOR.quantization]: change.quantization,
    });
    this.operators.push(withFields(node, { [OPERATOR.outputs]: int32s([between]) }));
    this.pushDequantize(between, result, 'int8');
  }

  /** The tensor that holds a float16 constant's values as floats; made where it is first needed. */
  private asFloat(constant: number): number {
    let float = this.floats.get(constant);
    if (float === undefined) {
      float = this.newTensor(constant, '_float', {});
      this.floats.set(constant, float);
      this.pushDequantize(constant, float, 'fp16');
    }
    return float;
  }

  private newTensor(like: number, suffix: string, fields: Parameters<typeof withFields>[1]): number {
    const { node, name } = this.graph.tensors[like];
    const own = { [TENSOR.buffer]: this.emptyBuffer, [TENSOR.name]: string(name + suffix) };
    this.tensors.push(withFields(node, { ...own, ...fields }));
    return this.tensors.length - 1;
  }

  private pushDequantize(from: number, to: number, of: keyof typeof DEQUANTIZE): void {
    const { version, runtime } = DEQUANTIZE[of];
    this.runtimes.push(runtime);
    this.operators.push(
      table('Operator', {
        [OPERATOR.code]: this.codes.index(OP.dequantize, version),
        [OPERATOR.inputs]: int32s([from]),
        [OPERATOR.outputs]: int32s([to]),
      }),
    );
  }
}

/** Quantization of an int8 tensor with zero points of 0; the scales are filled in when the weights are read. */
export function int8Quantization(
  scales: TableNode['fields'][number],
  zeroPoints: TableNode['fields'][number],
  dimension: number,
): TableNode {
  return table('QuantizationParameters', {
    [QUANTIZATION.scale]: scales,
    [QUANTIZATION.zeroPoint]: zeroPoints,
    ...(dimension === 0 ? {} : { [QUANTIZATION.quantizedDimension]: dimension }),
  });
}
