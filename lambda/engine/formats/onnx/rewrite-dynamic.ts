import { integersValue, integerValue, makeNode, makeTensor } from './builders';
import { TYPE } from './element-types';
import { Graph, GraphNode, integerAttribute } from './graph';
import { floatOf, Message } from './message';
import { addDequantize, addIntegers, QuantizedNames, RewriteContext } from './rewrite-int8';
import { ATTRIBUTE } from './schema';
import { channelWeights, Decided } from './weight-data';
import { isOperator } from './weight-rules';
import { Use } from './weights';

/** An activation as integers: the values, their scale and their zero point. */
type Quantized = readonly [values: string, scale: string, zeroPoint: string];

/**
 * Weights as integers that are multiplied as integers: activations are quantized while running, from their own range.
 * `exact` has one scale for a weight, and uint8 with a zero point for a table, as onnxruntime's quantize_dynamic has
 * them; otherwise each channel has its own.
 */
export class DynamicRewriter {
  private readonly activations = new Map<Graph, Map<string, Quantized>>();

  constructor(
    private readonly context: RewriteContext,
    private readonly exact: boolean,
  ) {}

  rewrite(decided: Decided): void {
    const { constant, treatment } = decided;
    const uses = treatment.integerUses!;
    const isTable = uses.every(({ node }) => isOperator(node, 'Gather'));
    const perChannel = !this.exact;
    const weights = channelWeights(decided, perChannel);
    const names = addIntegers(decided, weights, isTable && this.exact ? 'uint8' : 'int8', this.context);
    for (const use of uses) this.replace(use, decided, names, perChannel);
    const others = constant.uses.length > uses.length || constant.graph.outputs.includes(constant.name);
    if (others) addDequantize(decided, names, perChannel, this.context);
  }

  private replace(use: Use, decided: Decided, names: QuantizedNames, perChannel: boolean): void {
    const { node } = use;
    if (isOperator(node, 'Gather')) return this.replaceGather(node, names, perChannel);
    const steps = new Steps(node, this.context);
    const [output] = node.outputs as [string];
    if (isOperator(node, 'Conv')) return this.replaceConv(node, decided, names, steps, output, perChannel);
    const gemm = isOperator(node, 'Gemm');
    const transposedB = gemm && integerAttribute(node, 'transB', 0) !== 0;
    let [a, b] = [node.inputs[0], names.weights];
    if (gemm && integerAttribute(node, 'transA', 0) !== 0)
      a = steps.add('Transpose', [a], [integersValue('perm', [1, 0])]);
    const [values, scale, zeroPoint] = gemm && a !== node.inputs[0] ? quantize(steps, a) : this.quantized(node, a);
    if (transposedB) b = steps.add('Transpose', [b], [integersValue('perm', [1, 0])]);
    const product = steps.add('MatMulInteger', [values, b, zeroPoint]);
    const floats = steps.add('Cast', [product], [integerValue('to', TYPE.float)]);
    const factor = steps.add('Mul', [scale, names.scales]);
    if (!gemm) steps.finish('Mul', [floats, factor], output);
    else this.finishGemm(node, steps, steps.add('Mul', [floats, factor]), output);
    this.context.editor.replaceNode(node, ...steps.nodes);
  }

  /** alpha times the product, plus beta times what is added. */
  private finishGemm(node: GraphNode, steps: Steps, product: string, output: string): void {
    const alpha = floatAttribute(node, 'alpha');
    const beta = floatAttribute(node, 'beta');
    const added = node.inputs[2] ?? '';
    let result = product;
    if (alpha !== 1) result = steps.add('Mul', [result, steps.constant('alpha', alpha)]);
    let term = added;
    if (added !== '' && beta !== 1) term = steps.add('Mul', [added, steps.constant('beta', beta)]);
    if (added === '') steps.finish('Identity', [result], output);
    else steps.finish('Add', [result, term], output);
  }

  private replaceConv(
    node: GraphNode,
    decided: Decided,
    names: QuantizedNames,
    steps: Steps,
    output: string,
    perChannel: boolean,
  ): void {
    const [values, scale, zeroPoint] = this.quantized(node, node.inputs[0]);
    const { shape } = decided.constant.tensor;
    // Scales and biases belong to the second dimension of the result.
    const across = [1, shape[0], ...shape.slice(2).map(() => 1)];
    const own = [...node.attributes.values()];
    const product = steps.add('ConvInteger', [values, names.weights, zeroPoint], own);
    const floats = steps.add('Cast', [product], [integerValue('to', TYPE.float)]);
    const scales = perChannel ? steps.add('Reshape', [names.scales, steps.shape('scale', across)]) : names.scales;
    const factor = steps.add('Mul', [scale, scales]);
    const bias = node.inputs[2] ?? '';
    if (bias === '') steps.finish('Mul', [floats, factor], output);
    else {
      const scaled = steps.add('Mul', [floats, factor]);
      const term = steps.add('Reshape', [bias, steps.shape('bias', across)]);
      steps.finish('Add', [scaled, term], output);
    }
    this.context.editor.replaceNode(node, ...steps.nodes);
  }

  /** Rows are picked as integers, and only those are turned into floats. */
  private replaceGather(node: GraphNode, names: QuantizedNames, perChannel: boolean): void {
    const steps = new Steps(node, this.context);
    const [output] = node.outputs as [string];
    const indices = node.inputs[1];
    const rows = steps.add('Gather', [names.weights, indices]);
    if (!perChannel) {
      const zeroPoint = names.zeroPoint === undefined ? [] : [names.zeroPoint];
      steps.finish('DequantizeLinear', [rows, names.scales, ...zeroPoint], output);
    } else {
      const floats = steps.add('Cast', [rows], [integerValue('to', TYPE.float)]);
      const columns = steps.add('Reshape', [names.scales, steps.shape('scale', [-1, 1])]);
      const scales = steps.add('Gather', [columns, indices]);
      steps.finish('Mul', [floats, scales], output);
    }
    this.context.editor.replaceNode(node, ...steps.nodes);
  }

  /** An activation as integers, made once in each graph, where its first reader is. */
  private quantized(reader: GraphNode, name: string): Quantized {
    const known = this.activations.get(reader.graph) ?? new Map<string, Quantized>();
    this.activations.set(reader.graph, known);
    const found = known.get(name);
    if (found !== undefined) return found;
    const steps = new Steps(reader, this.context);
    const made = quantize(steps, name);
    this.context.editor.addBefore(reader, ...steps.nodes);
    known.set(name, made);
    return made;
  }
}

function quantize(steps: Steps, name: string): Quantized {
  return steps.addAll('DynamicQuantizeLinear', [name], ['quantized', 'scale', 'zero_point']) as unknown as Quantized;
}

function floatAttribute(node: GraphNode, name: string): number {
  const attribute = node.attributes.get(name);
  return attribute === undefined ? 1 : (floatOf(attribute, ATTRIBUTE.float) ?? 0);
}

/** Operators that come in the place of one, in order. */
class Steps {
  readonly nodes: Message[] = [];
  private readonly base: string;

  constructor(
    private readonly replaced: GraphNode,
    private readonly context: RewriteContext,
  ) {
    this.base = replaced.outputs[0];
  }

  /** Adds an operator and returns the name of its result. */
  add(operator: string, inputs: readonly string[], attributes: readonly Message[] = []): string {
    return this.addAll(operator, inputs, [operator], attributes)[0];
  }

  addAll(
    operator: string,
    inputs: readonly string[],
    results: readonly string[],
    attributes: readonly Message[] = [],
  ): string[] {
    const outputs = results.map((result) => this.context.editor.newName(`${this.base}_${result}`));
    this.nodes.push(makeNode({ operator, name: outputs[0], inputs, outputs, attributes }));
    return outputs;
  }

  /** Adds the operator that gives the result of the replaced one. */
  finish(operator: string, inputs: readonly string[], output: string): void {
    const name = this.context.editor.newName(`${this.base}_${operator}`);
    this.nodes.push(makeNode({ operator, name, inputs, outputs: [output] }));
  }

  constant(name: string, value: number): string {
    return this.tensor(name, TYPE.float, [], new Uint8Array(Float32Array.of(value).buffer));
  }

  shape(name: string, sizes: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(sizes, BigInt).buffer);
    return this.tensor(`${name}_shape`, TYPE.int64, [sizes.length], bytes);
  }

  private tensor(name: string, type: number, shape: readonly number[], bytes: Uint8Array): string {
    const own = this.context.editor.newName(`${this.base}_${name}`);
    this.context.editor.addInitializer(this.replaced.graph, makeTensor(own, type, shape, bytes));
    return own;
  }
}
