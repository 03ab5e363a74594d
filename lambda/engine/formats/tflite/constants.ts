import { InvalidModelError } from '../../errors';
import { Region } from './model-data';
import { number, Graph, GraphOperator, GraphTensor } from './model-graph';
import { TENSOR, TYPE } from './model-fields';

/** One place where an operator reads a constant. */
export interface Use {
  readonly graph: Graph;
  readonly operator: GraphOperator;
  readonly input: number;
}

/** A buffer with data that tensors refer to. */
export interface Constant {
  readonly buffer: number;
  readonly region: Region;
  /** All tensors that refer to the buffer, of any subgraph; the first gives the constant its name. */
  readonly tensors: readonly GraphTensor[];
  readonly uses: readonly Use[];
  /** Why the constant may not change its type, where it may not. */
  readonly obstacle?: string;
}

/**
 * The constants whose data is not so small that it stays in the structure, with all that reads them.
 *
 * @throws InvalidModelError when a FLOAT32 constant's shape does not match its data.
 */
export function findConstants(
  graphs: readonly Graph[],
  regions: readonly (Region | undefined)[],
  file: string,
): Constant[] {
  const found = new Map<number, { tensors: GraphTensor[]; uses: Use[]; obstacle?: string }>();
  for (const graph of graphs) {
    const written = new Set([...graph.inputs, ...graph.operators.flatMap((operator) => operator.outputs)]);
    const read = new Set(graph.outputs);
    const users = usersOf(graph);
    graph.tensors.forEach((tensor, index) => {
      const region = regions[tensor.buffer];
      if (region === undefined || tensor.buffer === 0) return;
      const entry = found.get(tensor.buffer) ?? { tensors: [], uses: [] };
      found.set(tensor.buffer, entry);
      entry.tensors.push(tensor);
      for (const use of users.get(index) ?? []) entry.uses.push(use);
      entry.obstacle ??= obstacle(tensor, written.has(index), read.has(index));
      if (tensor.type === TYPE.float32 && entry.obstacle === undefined) checkSize(tensor, region, file);
    });
  }
  return [...found]
    .map(([buffer, entry]) => ({ buffer, region: regions[buffer]!, ...entry }))
    .sort((a, b) => a.buffer - b.buffer);
}

/** How many values a tensor has. */
export function valueCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function usersOf(graph: Graph): Map<number, Use[]> {
  const users = new Map<number, Use[]>();
  for (const operator of graph.operators) {
    operator.inputs.forEach((tensor, input) => {
      if (tensor < 0) return;
      const list = users.get(tensor) ?? [];
      users.set(tensor, list);
      list.push({ graph, operator, input });
    });
  }
  return users;
}

function obstacle(tensor: GraphTensor, written: boolean, read: boolean): string | undefined {
  if (tensor.node.fields[TENSOR.sparsity] !== undefined) return 'it is stored sparse';
  if (number(tensor.node, TENSOR.isVariable) !== 0) return 'it is a variable';
  if (number(tensor.node, TENSOR.externalBuffer) !== 0) return 'its data is in another file';
  if (written) return 'it is computed or fed, not constant';
  if (read) return 'it is an output of the model';
  return undefined;
}

function checkSize(tensor: GraphTensor, region: Region, file: string): void {
  const expected = valueCount(tensor.shape) * 4;
  if (expected !== region.length) {
    throw new InvalidModelError(
      file,
      `tensor "${tensor.name}" has the shape [${tensor.shape.join(', ')}], which takes ${expected} bytes, but its buffer has ` +
        `${region.length}; the file is damaged, export the model again`,
    );
  }
}
