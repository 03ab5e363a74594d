import { integersOf, messagesOf } from '../../../../../lambda/engine/formats/onnx/message';
import { readModel } from '../../../../../lambda/engine/formats/onnx/read-model';
import { ExternalFiles } from '../../../../../lambda/engine/formats/onnx/external-files';
import { GraphNode, readGraph } from '../../../../../lambda/engine/formats/onnx/graph';
import { MODEL, TENSOR } from '../../../../../lambda/engine/formats/onnx/schema';
import { BufferSource } from '../../../../support/buffer-source';

export interface ReadTensor {
  readonly type: number;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface ReadModel {
  readonly tensors: ReadonlyMap<string, ReadTensor>;
  /** Operators in order, each with its domain. */
  readonly operators: readonly string[];
  readonly nodes: readonly GraphNode[];
}

/** A model's initializers with their data, and its operators. */
export async function readOnnx(bytes: Uint8Array): Promise<ReadModel> {
  const model = await readModel(new BufferSource('model.onnx', bytes));
  const graph = readGraph(messagesOf(model, MODEL.graph)[0], 0, new ExternalFiles('model.onnx', []));
  const tensors = new Map<string, ReadTensor>();
  for (const [name, { type, shape, data, message }] of graph.initializers) {
    const listed = () => Uint8Array.from(integersOf(message, TENSOR.integers), Number);
    const held = data === undefined ? listed() : bytes.slice(data.offset, data.offset + data.length);
    tensors.set(name, { type, shape, data: held });
  }
  return {
    tensors,
    nodes: graph.nodes,
    operators: graph.nodes.map(({ domain, operator }) => (domain === '' ? operator : `${domain}.${operator}`)),
  };
}
