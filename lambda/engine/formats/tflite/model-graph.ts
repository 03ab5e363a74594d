import { InvalidModelError } from '../../errors';
import { FieldValue, Node, TableNode } from './flatbuffer-nodes';
import { MODEL, OPERATOR, OPERATOR_CODE, SUBGRAPH, TENSOR } from './model-fields';
import { OPERATOR_NAMES } from './schema-tables';

export interface GraphTensor {
  readonly node: TableNode;
  readonly name: string;
  readonly type: number;
  /** Dimensions; a dimension that is free is 1 here. */
  readonly shape: readonly number[];
  /** Dimensions with -1 for those that are free; empty when none is. */
  readonly signature: readonly number[];
  /** Index into the model's buffers; 0 is the empty one. */
  readonly buffer: number;
}

export interface GraphOperator {
  readonly node: TableNode;
  readonly builtin: number;
  readonly version: number;
  /** The operator's name, a custom one's its own. */
  readonly name: string;
  /** Indexes of tensors; -1 for an input that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface Graph {
  readonly node: TableNode;
  readonly tensors: readonly GraphTensor[];
  readonly operators: readonly GraphOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Tensors, operators, their indexes and the characters of their names in all subgraphs. Parts of a flatbuffer may be
 * shared, so that a small file could stand for more than any memory holds.
 */
const MAX_GRAPH_SIZE = 16 * 1024 * 1024;
/** What a table itself counts for. */
const TABLE_SIZE = 16;

/**
 * The model's subgraphs with every index checked, so that what follows may trust them.
 *
 * @throws InvalidModelError when an index leads nowhere.
 */
export function readGraphs(model: TableNode, file: string): Graph[] {
  const fault = (problem: string): never => {
    throw new InvalidModelError(file, `${problem}; the file is damaged, export the model again`);
  };
  let size = 0;
  const spend = (node: TableNode, ...slots: number[]) => {
    size += slots.reduce((sum, slot) => sum + extent(node.fields[slot]), TABLE_SIZE);
    if (size > MAX_GRAPH_SIZE) fault('its subgraphs repeat each other without end');
  };
  const codes = tablesOf(model, MODEL.operatorCodes);
  codes.forEach((code) => spend(code, OPERATOR_CODE.custom));
  const buffers = tablesOf(model, MODEL.buffers).length;
  return tablesOf(model, MODEL.subgraphs).map((graph, index) => {
    const where = `subgraph ${index}`;
    spend(graph, SUBGRAPH.inputs, SUBGRAPH.outputs, SUBGRAPH.tensors, SUBGRAPH.operators);
    const tensors = tablesOf(graph, SUBGRAPH.tensors).map((node) => {
      spend(node, TENSOR.name, TENSOR.shape, TENSOR.shapeSignature);
      const name = text(node, TENSOR.name);
      const shape = integers(node, TENSOR.shape);
      const buffer = number(node, TENSOR.buffer);
      if (buffer >= Math.max(buffers, 1)) fault(`tensor "${name}" of ${where} names buffer ${buffer} of ${buffers}`);
      if (shape.some((size) => size < 0)) fault(`tensor "${name}" of ${where} has the shape [${shape.join(', ')}]`);
      return {
        node,
        name,
        type: number(node, TENSOR.type),
        shape,
        signature: integers(node, TENSOR.shapeSignature),
        buffer,
      };
    });
    const check = (indexes: number[], what: string, least: number) => {
      const wrong = indexes.find((at) => at < least || at >= tensors.length);
      if (wrong !== undefined) fault(`${what} of ${where} names tensor ${wrong} of ${tensors.length}`);
      return indexes;
    };
    const operators = tablesOf(graph, SUBGRAPH.operators).map((node, at) => {
      const code = codes[number(node, OPERATOR.code)];
      if (code === undefined) return fault(`operator ${at} of ${where} has no operator code`);
      spend(code, OPERATOR_CODE.custom);
      spend(node, OPERATOR.inputs, OPERATOR.outputs);
      const builtin = builtinOf(code);
      return {
        node,
        builtin,
        version: number(code, OPERATOR_CODE.version, 1),
        name: text(code, OPERATOR_CODE.custom) || (OPERATOR_NAMES[builtin] ?? `operator ${builtin}`),
        inputs: check(integers(node, OPERATOR.inputs), `operator ${at}`, -1),
        outputs: check(integers(node, OPERATOR.outputs), `operator ${at}`, -1),
      };
    });
    return {
      node: graph,
      tensors,
      operators,
      inputs: check(integers(graph, SUBGRAPH.inputs), 'an input', 0),
      outputs: check(integers(graph, SUBGRAPH.outputs), 'an output', 0),
    };
  });
}

/** How much a field holds: elements of a vector, characters of a string. */
function extent(value: FieldValue | undefined): number {
  if (!isNode(value)) return 0;
  if (value.kind === 'scalars' || value.kind === 'string') return value.data.length;
  return value.kind === 'tables' ? value.items.length : 0;
}

/** Codes above 127 are in the newer field only; older files have the older one only. */
function builtinOf(code: TableNode): number {
  const deprecated = number(code, OPERATOR_CODE.deprecatedBuiltin);
  return Math.max(deprecated > 127 ? 0 : deprecated, number(code, OPERATOR_CODE.builtin));
}

/** Tables of a vector field; none when it is absent. */
export function tablesOf(node: TableNode, slot: number): readonly TableNode[] {
  const value = node.fields[slot];
  return isNode(value) && value.kind === 'tables' ? value.items : [];
}

/** An unsigned field up to 4 bytes wide. */
export function number(node: TableNode, slot: number, absent = 0): number {
  const value = node.fields[slot];
  return typeof value === 'number' ? value : absent;
}

/** A field 8 bytes wide, unsigned; what is beyond 2^53 becomes inexact, but stays too large for any file. */
export function long(node: TableNode, slot: number): number {
  const value = node.fields[slot];
  return typeof value === 'bigint' ? Number(value) : 0;
}

/** A vector of 32-bit integers; empty when it is absent. */
export function integers(node: TableNode, slot: number): number[] {
  const value = node.fields[slot];
  if (!isNode(value) || value.kind !== 'scalars') return [];
  const view = new DataView(value.data.buffer, value.data.byteOffset, value.data.length);
  return Array.from({ length: value.data.length / 4 }, (_, i) => view.getInt32(i * 4, true));
}

/** A string field; empty when it is absent. */
export function text(node: TableNode, slot: number): string {
  const value = node.fields[slot];
  return isNode(value) && value.kind === 'string' ? new TextDecoder().decode(value.data) : '';
}

export function isNode(value: FieldValue | undefined): value is Node {
  return typeof value === 'object';
}
