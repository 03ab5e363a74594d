import { int32s, string, table, TableNode, withFields } from './flatbuffer-nodes';
import { OP, OPERATOR, QUANTIZATION, SUBGRAPH, TENSOR, TYPE } from './model-fields';
import { Graph, GraphOperator } from './model-graph';
import { OperatorCodes } from './operator-codes';
import { pushRows } from './row-scales';
import { optionsOf, OperatorVersion, ruleFor, WeightRule } from './weight-rules';

/** An integer weight. */
export interface IntegerChange {
  readonly to: 'int8' | 'int4';
  /** Whose rules its operators follow. */
  readonly mode: 'exact' | 'best';
  /** Absent where no operator takes the scales from the tensor. */
  readonly quantization?: TableNode;
  /** Buffer of the rows' scales, where an operator takes rows. */
  readonly rowScales?: number;
}

/** What becomes of a tensor. */
export type TensorChange = IntegerChange | { readonly to: 'fp16' };

const NEW_TYPE = { int8: TYPE.int8, int4: TYPE.int4, fp16: TYPE.float16 } as const;

/** First versions and runtimes that turn float16, and int8, into floats. */
const DEQUANTIZE = {
  fp16: { version: 3, runtime: '1.15.0' },
  int8: { version: 2, runtime: '1.14.0' },
} as const;

/**
 * Rewrites one subgraph for tensors that change their type: integer weights raise their operators' versions, float16
 * constants are turned back into floats before their first reader, so that operators stay in an order that runs.
 */
export class GraphRewriter {
  /** Runtime versions that the rewritten operators need. */
  readonly runtimes: string[] = [];
  private readonly tensors: TableNode[];
  private readonly operators: TableNode[] = [];
  private readonly floats = new Map<number, number>();

  constructor(
    readonly graph: Graph,
    private readonly changes: ReadonlyMap<number, TensorChange>,
    private readonly codes: OperatorCodes,
    private readonly emptyBuffer: number,
  ) {
    this.tensors = graph.tensors.map(({ node }, index) => {
      const change = changes.get(index);
      if (change === undefined) return node;
      const quantization = change.to === 'fp16' ? {} : { [TENSOR.quantization]: change.quantization };
      return withFields(node, { [TENSOR.type]: NEW_TYPE[change.to], ...quantization });
    });
  }

  rewrite(): TableNode {
    for (const operator of this.graph.operators) this.operator(operator);
    return withFields(this.graph.node, {
      [SUBGRAPH.tensors]: { kind: 'tables', items: this.tensors },
      [SUBGRAPH.operators]: { kind: 'tables', items: this.operators },
    });
  }

  /** Index of a code for a version, whose runtime is noted. */
  code(builtin: number, { version, runtime }: OperatorVersion): number {
    this.runtimes.push(runtime);
    return this.codes.index(builtin, version);
  }

  push(operator: TableNode): void {
    this.operators.push(operator);
  }

  /** Adds a tensor like another, whose buffer is empty unless it is given; returns its index. */
  newTensor(like: number, suffix: string, fields: Parameters<typeof withFields>[1]): number {
    const { node, name } = this.graph.tensors[like];
    const own = { [TENSOR.buffer]: this.emptyBuffer, [TENSOR.name]: string(name + suffix) };
    this.tensors.push(withFields(node, { ...own, ...fields }));
    return this.tensors.length - 1;
  }

  private operator(operator: GraphOperator): void {
    let { node } = operator;
    const inputs = operator.inputs.map((tensor) =>
      this.changes.get(tensor)?.to === 'fp16' ? this.asFloat(tensor) : tensor,
    );
    if (inputs.some((tensor, i) => tensor !== operator.inputs[i])) {
      node = withFields(node, { [OPERATOR.inputs]: int32s(inputs) });
    }
    const weight = inputs.findIndex((tensor) => this.integers(tensor) !== undefined);
    const change = this.integers(inputs[weight]);
    const rule = change && ruleFor(operator, weight, this.graph, change.mode);
    if (change === undefined || rule === undefined || typeof rule === 'string') this.push(node);
    else this.withIntegers(operator, node, rule, change);
  }

  private integers(tensor: number | undefined): IntegerChange | undefined {
    const change = tensor === undefined ? undefined : this.changes.get(tensor);
    return change?.to === 'fp16' ? undefined : change;
  }

  private withIntegers(operator: GraphOperator, node: TableNode, rule: WeightRule, change: IntegerChange): void {
    const needed = change.to === 'int4' ? rule.int4! : rule.int8;
    const version = Math.max(operator.version, needed.version);
    const asymmetric = rule.asymmetricInputs && withFields(optionsOf(operator)!, { [rule.asymmetricInputs.slot]: 1 });
    const made = withFields(node, {
      [OPERATOR.code]: this.code(rule.builtin, { version, runtime: needed.runtime }),
      ...(asymmetric ? { [OPERATOR.options]: asymmetric } : {}),
    });
    if (rule.gives === 'rows') pushRows(this, operator, made, change.rowScales!);
    else if (rule.gives === 'int8') this.pushInt8Result(operator, made, change.quantization!);
    else this.push(made);
  }

  /** Lets an operator give int8 in its weight's scale, and turns that back into the floats that were asked for. */
  private pushInt8Result(operator: GraphOperator, node: TableNode, quantization: TableNode): void {
    const result = operator.outputs[0];
    const fields = { [TENSOR.type]: TYPE.int8, [TENSOR.quantization]: quantization };
    const between = this.newTensor(result, '_int8', fields);
    this.push(withFields(node, { [OPERATOR.outputs]: int32s([between]) }));
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

  private pushDequantize(from: number, to: number, of: keyof typeof DEQUANTIZE): void {
    const code = this.code(OP.dequantize, DEQUANTIZE[of]);
    const places = { [OPERATOR.inputs]: int32s([from]), [OPERATOR.outputs]: int32s([to]) };
    this.push(table('Operator', { [OPERATOR.code]: code, ...places }));
  }
}

/** Quantization of an integer tensor with zero points of 0; the scales are filled in when the weights are read. */
export function quantizationOf(
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
