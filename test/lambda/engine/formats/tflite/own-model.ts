import {
  FieldValue,
  int32s,
  string,
  table,
  TableNode,
} from '../../../../../lambda/engine/formats/tflite/flatbuffer-nodes';
import { MODEL, OPERATOR, OPERATOR_CODE, SUBGRAPH } from '../../../../../lambda/engine/formats/tflite/model-fields';
import { writeFlatbuffer } from '../../../../../lambda/engine/formats/tflite/write-flatbuffer';

export const bytesOf = (data: Uint8Array): FieldValue => ({ kind: 'scalars', width: 1, data });
export const tables = (items: readonly TableNode[]): FieldValue => ({ kind: 'tables', items });

/** A model of our own: one dense layer whose 32 x 64 weights are given, and an operator of somebody else's. */
export function modelOf(
  weights: Float32Array,
  more: { metadata?: string; largeOptions?: Uint8Array; rows?: number; columns?: number } = {},
): Uint8Array {
  const data = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  const tensor = (name: string, shape: number[], buffer: number) =>
    table('Tensor', { 0: int32s(shape), 1: 0, 2: buffer, 3: string(name) });
  const custom = table('Operator', {
    [OPERATOR.code]: 1,
    [OPERATOR.inputs]: int32s([2]),
    [OPERATOR.outputs]: int32s([3]),
    5: bytesOf(new TextEncoder().encode('own options')),
    ...(more.largeOptions
      ? { [OPERATOR.largeCustomOffset]: 0n, [OPERATOR.largeCustomSize]: BigInt(more.largeOptions.length) }
      : {}),
  });
  const [rows, columns] = [more.rows ?? 32, more.columns ?? 64];
  const graph = table('SubGraph', {
    [SUBGRAPH.tensors]: tables([
      tensor('x', [1, columns], 0),
      tensor('w', [rows, columns], 1),
      tensor('h', [1, rows], 0),
      tensor('y', [1, rows], 0),
    ]),
    [SUBGRAPH.inputs]: int32s([0]),
    [SUBGRAPH.outputs]: int32s([3]),
    [SUBGRAPH.operators]: tables([
      table('Operator', {
        [OPERATOR.code]: 0,
        [OPERATOR.inputs]: int32s([0, 1, -1]),
        [OPERATOR.outputs]: int32s([2]),
        3: 8,
        [OPERATOR.options]: table('FullyConnectedOptions', { 0: 0 }),
      }),
      custom,
    ]),
  });
  const root = table('Model', {
    0: 3,
    [MODEL.operatorCodes]: tables([
      table('OperatorCode', { [OPERATOR_CODE.deprecatedBuiltin]: 9, [OPERATOR_CODE.builtin]: 9 }),
      table('OperatorCode', {
        [OPERATOR_CODE.deprecatedBuiltin]: 32,
        [OPERATOR_CODE.custom]: string('Theirs'),
        [OPERATOR_CODE.builtin]: 32,
      }),
    ]),
    [MODEL.subgraphs]: tables([graph]),
    [MODEL.buffers]: tables([
      table('Buffer', {}),
      table('Buffer', { 0: bytesOf(data) }),
      table('Buffer', { 0: bytesOf(new Uint8Array(9000).fill(7)) }),
    ]),
    ...(more.metadata ? { [MODEL.metadata]: tables([table('Metadata', { 0: string(more.metadata), 1: 2 })]) } : {}),
  });
  const written = writeFlatbuffer(root, 'TFL3');
  if (!more.largeOptions) return written.bytes;
  const bytes = new Uint8Array(written.bytes.length + more.largeOptions.length);
  bytes.set(written.bytes);
  bytes.set(more.largeOptions, written.bytes.length);
  new DataView(bytes.buffer).setBigUint64(
    written.field(custom, OPERATOR.largeCustomOffset),
    BigInt(written.bytes.length),
    true,
  );
  return bytes;
}
