/** Messages of ONNX that are taken apart. All others stay bytes. */
export type MessageType =
  | 'Model'
  | 'Graph'
  | 'Node'
  | 'Attribute'
  | 'Tensor'
  | 'SparseTensor'
  | 'Function'
  | 'ValueInfo'
  | 'Type'
  | 'TensorType'
  | 'OperatorSet'
  | 'Entry';

/** Field numbers, as in onnx.proto. */
export const MODEL = { irVersion: 1, graph: 7, operatorSets: 8, functions: 25 } as const;
export const GRAPH = {
  nodes: 1,
  name: 2,
  initializers: 5,
  inputs: 11,
  outputs: 12,
  valueInfo: 13,
  sparse: 15,
} as const;
export const NODE = { inputs: 1, outputs: 2, name: 3, operator: 4, attributes: 5, domain: 7 } as const;
export const ATTRIBUTE = {
  name: 1,
  float: 2,
  integer: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  integers: 8,
  tensors: 10,
  graphs: 11,
  type: 20,
  sparse: 22,
  sparses: 23,
} as const;
export const TENSOR = {
  dimensions: 1,
  type: 2,
  segment: 3,
  floats: 4,
  integers: 5,
  name: 8,
  raw: 9,
  external: 13,
  location: 14,
} as const;
export const SPARSE = { values: 1, indices: 2 } as const;
export const FUNCTION = { name: 1, nodes: 7, operatorSets: 9, domain: 10 } as const;
export const VALUE_INFO = { name: 1, type: 2 } as const;
export const TYPE_PROTO = { tensor: 1 } as const;
export const TENSOR_TYPE = { element: 1 } as const;
export const OPERATOR_SET = { domain: 1, version: 2 } as const;
export const ENTRY = { key: 1, value: 2 } as const;

/** What attributes hold, as their type field tells. */
export const ATTRIBUTE_TYPE = { float: 1, integer: 2, string: 3, tensor: 4, graph: 5, integers: 7 } as const;

const CHILDREN: Readonly<Record<MessageType, Readonly<Record<number, MessageType>>>> = {
  Model: { [MODEL.graph]: 'Graph', [MODEL.operatorSets]: 'OperatorSet', [MODEL.functions]: 'Function' },
  Graph: {
    [GRAPH.nodes]: 'Node',
    [GRAPH.initializers]: 'Tensor',
    [GRAPH.inputs]: 'ValueInfo',
    [GRAPH.outputs]: 'ValueInfo',
    [GRAPH.valueInfo]: 'ValueInfo',
    [GRAPH.sparse]: 'SparseTensor',
  },
  Node: { [NODE.attributes]: 'Attribute' },
  Attribute: {
    [ATTRIBUTE.tensor]: 'Tensor',
    [ATTRIBUTE.graph]: 'Graph',
    [ATTRIBUTE.tensors]: 'Tensor',
    [ATTRIBUTE.graphs]: 'Graph',
    [ATTRIBUTE.sparse]: 'SparseTensor',
    [ATTRIBUTE.sparses]: 'SparseTensor',
  },
  Tensor: { [TENSOR.external]: 'Entry' },
  SparseTensor: { [SPARSE.values]: 'Tensor', [SPARSE.indices]: 'Tensor' },
  Function: { [FUNCTION.nodes]: 'Node', [FUNCTION.operatorSets]: 'OperatorSet' },
  ValueInfo: { [VALUE_INFO.type]: 'Type' },
  Type: { [TYPE_PROTO.tensor]: 'TensorType' },
  TensorType: {},
  OperatorSet: {},
  Entry: {},
};

/** The kind of message in a field; undefined where it stays bytes. */
export function childType(type: MessageType, number: number): MessageType | undefined {
  return CHILDREN[type][number];
}
