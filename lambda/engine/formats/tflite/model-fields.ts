/** Slots of the fields that compression reads or writes. */
export const MODEL = { operatorCodes: 1, subgraphs: 2, buffers: 4, metadataBuffer: 5, metadata: 6 } as const;
export const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 } as const;
export const TENSOR = {
  shape: 0,
  type: 1,
  buffer: 2,
  name: 3,
  quantization: 4,
  isVariable: 5,
  sparsity: 6,
  shapeSignature: 7,
  hasRank: 8,
  externalBuffer: 10,
} as const;
export const QUANTIZATION = { scale: 2, zeroPoint: 3, quantizedDimension: 6 } as const;
export const BUFFER = { data: 0, offset: 1, size: 2 } as const;
export const OPERATOR = {
  code: 0,
  inputs: 1,
  outputs: 2,
  optionsKind: 3,
  options: 4,
  largeCustomOffset: 9,
  largeCustomSize: 10,
} as const;
export const OPERATOR_CODE = { deprecatedBuiltin: 0, custom: 1, version: 2, builtin: 3 } as const;
export const METADATA = { name: 0, buffer: 1 } as const;

/** Numbers of the element types. */
export const TYPE = { float32: 0, float16: 1, int8: 9, int4: 17 } as const;

const TYPE_NAMES = (
  'FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 UINT64 RESOURCE VARIANT ' +
  'UINT32 UINT16 INT4 BFLOAT16 INT2 UINT4 FLOAT8_E4M3FN FLOAT8_E5M2'
).split(' ');

/** An element type in the format's own word. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `type ${type}`;
}

/** Codes of the operators that compression knows more about than their name. */
export const OP = {
  conv2d: 3,
  depthwiseConv2d: 4,
  dequantize: 6,
  embeddingLookup: 7,
  fullyConnected: 9,
  lstm: 16,
  mul: 18,
  rnn: 24,
  svdf: 27,
  custom: 32,
  unidirectionalSequenceRnn: 35,
  gather: 36,
  unidirectionalSequenceLstm: 44,
  bidirectionalSequenceRnn: 46,
  bidirectionalSequenceLstm: 52,
  cast: 53,
  transposeConv: 67,
  batchMatmul: 126,
} as const;
