import { integerValue } from './builders';
import { TYPE } from './element-types';
import { Graph, GraphNode, integerAttribute } from './graph';
import { addDequantize, addIntegers, addTable, QuantizedNames, RewriteContext } from './rewrite-int8';
import { finishGemm, Steps, transposedA } from './node-steps';
import { hasShortRows, isTable } from './table-data';
import { channelWeights, Decided } from './weight-data';
import { isOperator } from './weight-rules';
import { Use } from './weights';

/** An activation as integers: the values, their scale and their zero point. */
type Quantized = readonly [values: string, scale: string, zeroPoint: string];

/**
 * Weights as integers that are multiplied as integers: activations are quantized while running, from their own range.
 * `exact` has one scale for a weight, and uint8 with a zero point for a table, as onnxruntime's quantize_dynamic has
 * them; otherwise each channel has its own, unless that leaves more error than one scale for all, and each row of a table
 * a zero point, too.
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
    const channels = channelWeights(decided, true);
    const table = isTable(treatment);
    const perChannel = !this.exact && !(table && hasShortRows(channels));
    const names = !perChannel
      ? addIntegers(decided, channelWeights(decided, false), table ? 'uint8' : 'int8', this.context)
      : table
        ? addTable(decided, channels, this.context)
        : addIntegers(decided, { ...channels, orOneScale: true }, 'int8', this.context);
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
    const a = gemm ? transposedA(node, steps) : node.inputs[0];
    const [values, scale, zeroPoint] = a === node.inputs[0] ? this.quantized(node, a) : quantize(steps, a);
    const b = transposedB ? steps.transpose(names.weights) : names.weights;
    const product = steps.add('MatMulInteger', [values, b, zeroPoint]);
    const floats = steps.add('Cast', [product], [integerValue('to', TYPE.float)]);
    const factor = steps.add('Mul', [scale, names.scales]);
    if (!gemm) steps.finish('Mul', [floats, factor], output);
    else finishGemm(node, steps, steps.add('Mul', [floats, factor]));
    this.context.editor.replaceNode(node, ...steps.nodes);
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
      const toFloat = (input: string) => steps.add('Cast', [input], [integerValue('to', TYPE.float)]);
      const column = steps.shape('column', [-1, 1]);
      const ofRows = (values: string) => steps.add('Gather', [steps.add('Reshape', [values, column]), indices]);
      const { zeroPoint } = names;
      const codes = toFloat(rows);
      const floats = zeroPoint === undefined ? codes : steps.add('Sub', [codes, toFloat(ofRows(zeroPoint))]);
      steps.finish('Mul', [floats, ofRows(names.scales)], output);
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
