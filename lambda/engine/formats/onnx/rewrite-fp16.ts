import { integerValue, makeNode, makeTensor } from './builders';
import { TYPE } from './element-types';
import { Graph, GraphNode, graphsWithin, ownerOf } from './graph';
import { halfSignature, includes } from './half-rules';
import { Message, replaceStrings, stringOf } from './message';
import { ModelEditor } from './model-editor';
import { GRAPH, NODE, VALUE_INFO } from './schema';
import { ValueTypes } from './value-types';
import { Decided, floatSegment } from './weight-data';
import { Use } from './weights';

/** All that reads a value of a graph. */
export type UsesOf = (graph: Graph, name: string) => readonly Use[];

/**
 * Turns operators that compute in float32 into ones that compute in float16, and puts a Cast wherever one kind meets the
 * other: at the model's inputs and outputs, and around operators that stay float32.
 */
export class HalfRewriter {
  private readonly types: ValueTypes;
  private readonly converted = new Set<GraphNode>();
  /** Names of values as float16, by the graph where they are visible. */
  private readonly halves = new Map<Graph, Map<string, string>>();
  private readonly graphs: readonly Graph[];
  /** Values that nothing gives any more under their old names. */
  private readonly gone = new Map<Graph, Set<string>>();

  constructor(
    root: Graph,
    private readonly editor: ModelEditor,
  ) {
    this.graphs = graphsWithin(root);
    this.types = new ValueTypes(root);
    for (const graph of this.graphs) {
      this.halves.set(graph, new Map());
      this.gone.set(graph, new Set());
      for (const node of graph.nodes) if (this.computesInHalf(node)) this.converted.add(node);
    }
  }

  /** Whether a use reads its constant as float16 from now on. */
  reads({ node, input }: Use): boolean {
    return this.converted.has(node) && includes(halfSignature(node)!.inputs, input);
  }

  /** Stores a constant as float16, for those that read it so; the others get it back by a Cast. */
  storeHalf(decided: Decided, small: Uint8Array | undefined): void {
    const { constant } = decided;
    const { tensor, name, graph } = constant;
    const others = constant.uses.some((use) => !this.reads(use)) || graph.outputs.includes(name);
    const half = this.editor.newName(`${name}_fp16`);
    this.editor.removeConstant(constant);
    const data = small ?? floatSegment(decided, 'F16');
    this.editor.addConstant(constant, half, makeTensor(half, TYPE.float16, tensor.shape, data));
    this.halves.get(graph)!.set(name, half);
    if (others) this.editor.addAtConstant(constant, this.cast(half, name, TYPE.float));
  }

  /** Changes the operators. Constants must have been stored before. */
  rewrite(uses: UsesOf): void {
    this.rewriteGraph(this.graphs[0], uses);
    for (const [graph, names] of this.gone) {
      graph.message.parts = graph.message.parts.filter(
        (part) =>
          part.kind !== 'message' ||
          part.number !== GRAPH.valueInfo ||
          !names.has(stringOf(part.message, VALUE_INFO.name)),
      );
    }
  }

  private rewriteGraph(graph: Graph, uses: UsesOf): void {
    for (const node of graph.nodes) {
      if (this.converted.has(node)) this.convert(node, uses);
      for (const inner of node.subgraphs) this.rewriteGraph(inner, uses);
    }
  }

  private computesInHalf(node: GraphNode): boolean {
    const signature = halfSignature(node);
    if (signature === undefined || node.subgraphs.length > 0) return false;
    const floats = node.inputs.filter((name, at) => name !== '' && includes(signature.inputs, at));
    return floats.length > 0 && floats.every((name) => this.types.of(node.graph, name) === TYPE.float);
  }

  private convert(node: GraphNode, uses: UsesOf): void {
    const signature = halfSignature(node)!;
    const inputs = node.inputs.map((name, at) =>
      name !== '' && includes(signature.inputs, at) ? this.halfOf(node, name) : name,
    );
    const back: Message[] = [];
    const outputs = node.outputs.map((name, at) => {
      if (name === '' || !includes(signature.outputs, at)) return name;
      const half = this.editor.newName(`${name}_fp16`);
      this.halves.get(node.graph)!.set(name, half);
      const others = uses(node.graph, name).some((use) => !this.reads(use)) || node.graph.outputs.includes(name);
      if (others) back.push(this.cast(half, name, TYPE.float));
      else this.gone.get(node.graph)!.add(name);
      return half;
    });
    replaceStrings(node.message, NODE.inputs, inputs);
    replaceStrings(node.message, NODE.outputs, outputs);
    if (back.length > 0) this.editor.replaceNode(node, node.message, ...back);
  }

  /** The name of a value as float16 where a node reads it; casts it before the first in each graph that does. */
  private halfOf(node: GraphNode, name: string): string {
    const owner = ownerOf(node.graph, name)!;
    const known = this.halves.get(owner)!.get(name) ?? this.halves.get(node.graph)!.get(name);
    if (known !== undefined) return known;
    const half = this.editor.newName(`${name}_fp16`);
    this.editor.addBefore(node, this.cast(name, half, TYPE.float16));
    this.halves.get(node.graph)!.set(name, half);
    return half;
  }

  private cast(from: string, to: string, type: number): Message {
    const name = this.editor.newName(`${to}_Cast`);
    return makeNode({ operator: 'Cast', name, inputs: [from], outputs: [to], attributes: [integerValue('to', type)] });
  }
}
