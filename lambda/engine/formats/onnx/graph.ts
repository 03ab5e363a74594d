import { InvalidModelError } from '../../errors';
import { ExternalFiles } from './external-files';
import { floatOf, integerOf, Message, messagesOf, stringOf, stringsOf } from './message';
import { ATTRIBUTE, GRAPH, NODE, SPARSE, TENSOR, VALUE_INFO } from './schema';
import { readTensor, SourceTensor } from './source-tensor';

/** An operator with what it reads and gives. An empty name is an input or output that is left out. */
export interface GraphNode {
  readonly message: Message;
  readonly graph: Graph;
  readonly operator: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Message>;
  readonly subgraphs: readonly Graph[];
}

/** A graph: the model's own, or one that an operator such as If holds. */
export interface Graph {
  readonly message: Message;
  /** The graph around it, whose values it may read. */
  readonly parent: Graph | undefined;
  readonly nodes: readonly GraphNode[];
  readonly initializers: ReadonlyMap<string, SourceTensor>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names that the graph itself defines. */
  readonly defined: ReadonlySet<string>;
}

/** The graph that defines what a name means here; undefined when none does. */
export function ownerOf(graph: Graph, name: string): Graph | undefined {
  for (let at: Graph | undefined = graph; at !== undefined; at = at.parent) if (at.defined.has(name)) return at;
  return undefined;
}

/** A graph and all within its operators, outer ones first. */
export function graphsWithin(graph: Graph): Graph[] {
  return [graph, ...graph.nodes.flatMap((node) => node.subgraphs.flatMap(graphsWithin))];
}

/** The operator's name for messages. */
export function describeNode(node: GraphNode): string {
  return node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
}

export function integerAttribute(node: GraphNode, name: string, otherwise: number): number {
  const attribute = node.attributes.get(name);
  return attribute === undefined ? otherwise : Number(integerOf(attribute, ATTRIBUTE.integer) ?? BigInt(otherwise));
}

/** A factor that is 1 where it is left out. */
export function floatAttribute(node: GraphNode, name: string): number {
  const attribute = node.attributes.get(name);
  return attribute === undefined ? 1 : (floatOf(attribute, ATTRIBUTE.float) ?? 0);
}

/** The tensor that a Constant holds, where it holds one. */
export function constantTensor(node: GraphNode): Message | undefined {
  if (node.operator !== 'Constant' || node.domain !== '') return undefined;
  const value = node.attributes.get('value');
  return value === undefined ? undefined : messagesOf(value, ATTRIBUTE.tensor)[0];
}

/**
 * Reads a graph with all within it.
 *
 * @throws InvalidModelError when a name is defined twice, or an operator reads what is defined after it or nowhere.
 */
export function readGraph(message: Message, model: number, files: ExternalFiles, parent?: Graph): Graph {
  const initializers = new Map<string, SourceTensor>();
  const defined = new Set<string>();
  const nodes: GraphNode[] = [];
  const name = stringOf(message, GRAPH.name);
  const fail = (problem: string): never => {
    throw new InvalidModelError(files.model, `graph ${JSON.stringify(name)}: ${problem}`);
  };
  const inputs = messagesOf(message, GRAPH.inputs).map((input) => stringOf(input, VALUE_INFO.name));
  const outputs = messagesOf(message, GRAPH.outputs).map((output) => stringOf(output, VALUE_INFO.name));
  for (const input of inputs) {
    if (defined.has(input)) fail(`it has two inputs of the name ${JSON.stringify(input)}`);
    defined.add(input);
  }
  for (const tensor of tensorsIn(message, model, files)) {
    if (initializers.has(tensor.name)) fail(`it has two initializers of the name ${JSON.stringify(tensor.name)}`);
    initializers.set(tensor.name, tensor);
    defined.add(tensor.name);
  }
  for (const sparse of messagesOf(message, GRAPH.sparse)) {
    for (const values of messagesOf(sparse, SPARSE.values)) defined.add(stringOf(values, TENSOR.name));
  }
  const graph: Graph = { message, parent, nodes, initializers, inputs, outputs, defined };
  for (const node of messagesOf(message, GRAPH.nodes)) {
    const read = readNode(node, graph, model, files);
    for (const input of read.inputs) {
      if (input === '' || ownerOf(graph, input) !== undefined) continue;
      fail(
        `${describeNode(read)} reads ${JSON.stringify(input)}, which nothing before it gives; the order is wrong, or there is a cycle`,
      );
    }
    for (const output of read.outputs) {
      if (output === '') continue;
      if (defined.has(output)) fail(`${JSON.stringify(output)} is given twice, also by ${describeNode(read)}`);
      defined.add(output);
    }
    nodes.push(read);
  }
  for (const output of outputs) {
    if (ownerOf(graph, output) === undefined) fail(`its output ${JSON.stringify(output)} is given by nothing`);
  }
  return graph;
}

function tensorsIn(graph: Message, model: number, files: ExternalFiles): SourceTensor[] {
  return messagesOf(graph, GRAPH.initializers).map((message) => readTensor(message, model, files));
}

function readNode(message: Message, graph: Graph, model: number, files: ExternalFiles): GraphNode {
  const domain = stringOf(message, NODE.domain);
  const attributes = messagesOf(message, NODE.attributes);
  const subgraphs = attributes.flatMap((attribute) =>
    [ATTRIBUTE.graph, ATTRIBUTE.graphs].flatMap((number) =>
      messagesOf(attribute, number).map((inner) => readGraph(inner, model, files, graph)),
    ),
  );
  return {
    message,
    graph,
    operator: stringOf(message, NODE.operator),
    domain: domain === 'ai.onnx' ? '' : domain,
    inputs: stringsOf(message, NODE.inputs),
    outputs: stringsOf(message, NODE.outputs),
    attributes: new Map(attributes.map((attribute) => [stringOf(attribute, ATTRIBUTE.name), attribute])),
    subgraphs,
  };
}
