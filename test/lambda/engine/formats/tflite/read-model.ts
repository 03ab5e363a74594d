import { Node, TableNode } from '../../../../../lambda/engine/formats/tflite/flatbuffer-nodes';
import {
  BUFFER,
  METADATA,
  MODEL,
  QUANTIZATION,
  TENSOR,
} from '../../../../../lambda/engine/formats/tflite/model-fields';
import {
  Graph,
  isNode,
  long,
  number,
  readGraphs,
  tablesOf,
  text,
} from '../../../../../lambda/engine/formats/tflite/model-graph';
import { PagedBytes } from '../../../../../lambda/engine/formats/tflite/paged-bytes';
import { FlatbufferReader } from '../../../../../lambda/engine/formats/tflite/read-flatbuffer';
import { BufferSource } from '../../../../support/buffer-source';

export interface ReadTensor {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly dimension: number;
}

export interface ReadModel {
  readonly root: TableNode;
  readonly graphs: Graph[];
  /** Constants by name; where two share a name, the first. */
  readonly constants: Map<string, ReadTensor>;
  /** Metadata by name, a byte a character. */
  readonly metadata: Map<string, string>;
  /** `NAME vN` of every operator, in order, subgraph by subgraph. */
  readonly operators: string[];
}

export async function readRoot(bytes: Uint8Array): Promise<TableNode> {
  return new FlatbufferReader(new PagedBytes(new BufferSource('model', bytes))).root('Model');
}

/** Reads a model whole, for comparisons. */
export async function readModel(bytes: Uint8Array): Promise<ReadModel> {
  const root = await readRoot(bytes);
  const graphs = readGraphs(root, 'model');
  const buffers = tablesOf(root, MODEL.buffers).map((node) => content(node, bytes));
  const constants = new Map<string, ReadTensor>();
  for (const { node, name, type, shape, buffer } of graphs.flatMap((graph) => graph.tensors)) {
    const data = buffers[buffer];
    if (data.length === 0 || constants.has(name)) continue;
    const quantization = node.fields[TENSOR.quantization] as TableNode | undefined;
    constants.set(name, {
      name,
      type,
      shape,
      data,
      scales: quantization === undefined ? [] : floats(quantization.fields[QUANTIZATION.scale] as Node | undefined),
      zeroPoints:
        quantization === undefined ? [] : longs(quantization.fields[QUANTIZATION.zeroPoint] as Node | undefined),
      dimension: quantization === undefined ? 0 : number(quantization, QUANTIZATION.quantizedDimension),
    });
  }
  const operators = graphs.flatMap((graph) => graph.operators.map(({ name, version }) => `${name} v${version}`));
  const metadata = tablesOf(root, MODEL.metadata).map(
    (entry) =>
      [text(entry, METADATA.name), Buffer.from(buffers[number(entry, METADATA.buffer)]).toString('latin1')] as const,
  );
  return { root, graphs, constants, operators, metadata: new Map(metadata) };
}

function content(node: TableNode, bytes: Uint8Array): Uint8Array {
  const data = node.fields[BUFFER.data];
  if (isNode(data) && data.kind === 'distant') return bytes.slice(data.offset, data.offset + data.length);
  if (isNode(data) && data.kind === 'scalars') return data.data;
  const offset = long(node, BUFFER.offset);
  return offset > 1 ? bytes.slice(offset, offset + long(node, BUFFER.size)) : new Uint8Array(0);
}

export function floats(node: Node | undefined): number[] {
  return node?.kind === 'scalars' ? [...new Float32Array(node.data.slice().buffer)] : [];
}

function longs(node: Node | undefined): number[] {
  return node?.kind === 'scalars' ? [...new BigInt64Array(node.data.slice().buffer)].map(Number) : [];
}
