import { TYPE, typeName } from './element-types';
import { ExternalFiles } from './external-files';
import { constantTensor, Graph, GraphNode, graphsWithin, ownerOf } from './graph';
import { readTensor, SourceTensor } from './source-tensor';

/** One place where an operator reads a constant. */
export interface Use {
  readonly node: GraphNode;
  readonly input: number;
}

/** A constant of a graph: an initializer, or what a Constant gives. */
export interface Constant {
  /** The name under which operators read it. */
  readonly name: string;
  readonly tensor: SourceTensor;
  readonly graph: Graph;
  /** The operator that gives it, where it is no initializer. */
  readonly giver: GraphNode | undefined;
  readonly uses: readonly Use[];
  /** Why its values may not change their form, where they may not. */
  readonly obstacle: string | undefined;
}

/** The types that recipes apply to. */
const WEIGHT_TYPES: readonly number[] = [TYPE.float, TYPE.float16, TYPE.bfloat16];

/**
 * All constants with all that reads them, in this graph and in those within it.
 *
 * @param inputsAreConstants Whether inputs with an initializer are nothing but that: so it was before IR version 4.
 */
export function findConstants(
  root: Graph,
  uses: ReadonlyMap<Graph, ReadonlyMap<string, readonly Use[]>>,
  model: number,
  files: ExternalFiles,
  inputsAreConstants: boolean,
): Constant[] {
  return graphsWithin(root).flatMap((graph) => {
    const inputs = new Set(graph.inputs);
    const own = uses.get(graph)!;
    const make = (name: string, tensor: SourceTensor, giver: GraphNode | undefined): Constant => ({
      name,
      tensor,
      graph,
      giver,
      uses: own.get(name) ?? [],
      obstacle: obstacle(tensor, inputs.has(name) && !inputsAreConstants),
    });
    const given = graph.nodes.flatMap((node) => {
      const tensor = constantTensor(node);
      return tensor === undefined ? [] : [make(node.outputs[0] ?? '', readTensor(tensor, model, files), node)];
    });
    return [...[...graph.initializers].map(([name, tensor]) => make(name, tensor, undefined)), ...given];
  });
}

/** All that reads the values of each graph. */
export function usesIn(graphs: readonly Graph[]): Map<Graph, Map<string, Use[]>> {
  const uses = new Map(graphs.map((graph) => [graph, new Map<string, Use[]>()]));
  for (const graph of graphs) {
    for (const node of graph.nodes) {
      node.inputs.forEach((name, input) => {
        const owner = name === '' ? undefined : ownerOf(graph, name);
        if (owner === undefined) return;
        const byName = uses.get(owner)!;
        const list = byName.get(name) ?? [];
        byName.set(name, list);
        list.push({ node, input });
      });
    }
  }
  return uses;
}

function obstacle(tensor: SourceTensor, overridable: boolean): string | undefined {
  if (!WEIGHT_TYPES.includes(tensor.type)) return `it is ${typeName(tensor.type)}, not FLOAT, FLOAT16 or BFLOAT16`;
  if (overridable) return 'it is an input with a default, which a caller may replace';
  if (tensor.data === undefined) return 'its values are not stored one after the other';
  return undefined;
}
