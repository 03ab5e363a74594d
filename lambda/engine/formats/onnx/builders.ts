import { Segment } from '../cut-pieces';
import { Message, MessagePart, newMessage } from './message';
import { ATTRIBUTE, ATTRIBUTE_TYPE, NODE, TENSOR } from './schema';
import { encodeBytes, encodeFloat, encodeInteger, encodeString } from './wire';

/** The domain of onnxruntime's own operators. */
export const MICROSOFT = 'com.microsoft';

/** What an operator is made of. */
export interface NodeParts {
  readonly operator: string;
  /** @default ONNX's own */
  readonly domain?: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly Message[];
}

export function makeNode(parts: NodeParts): Message {
  return newMessage(
    'Node',
    ...parts.inputs.map((input) => encodeString(NODE.inputs, input)),
    ...parts.outputs.map((output) => encodeString(NODE.outputs, output)),
    encodeString(NODE.name, parts.name),
    encodeString(NODE.operator, parts.operator),
    ...(parts.attributes ?? []).map((attribute) => child(NODE.attributes, attribute)),
    ...(parts.domain === undefined ? [] : [encodeString(NODE.domain, parts.domain)]),
  );
}

export function integerValue(name: string, value: number): Message {
  return newMessage(
    'Attribute',
    encodeString(ATTRIBUTE.name, name),
    encodeInteger(ATTRIBUTE.integer, value),
    encodeInteger(ATTRIBUTE.type, ATTRIBUTE_TYPE.integer),
  );
}

export function integersValue(name: string, values: readonly number[]): Message {
  return newMessage(
    'Attribute',
    encodeString(ATTRIBUTE.name, name),
    ...values.map((value) => encodeInteger(ATTRIBUTE.integers, value)),
    encodeInteger(ATTRIBUTE.type, ATTRIBUTE_TYPE.integers),
  );
}

export function floatValue(name: string, value: number): Message {
  return newMessage(
    'Attribute',
    encodeString(ATTRIBUTE.name, name),
    encodeFloat(ATTRIBUTE.float, value),
    encodeInteger(ATTRIBUTE.type, ATTRIBUTE_TYPE.float),
  );
}

export function tensorValue(name: string, tensor: Message): Message {
  return newMessage(
    'Attribute',
    encodeString(ATTRIBUTE.name, name),
    child(ATTRIBUTE.tensor, tensor),
    encodeInteger(ATTRIBUTE.type, ATTRIBUTE_TYPE.tensor),
  );
}

/** A tensor whose values are at hand, or made by steps. */
export function makeTensor(name: string, type: number, shape: readonly number[], data: Uint8Array | Segment): Message {
  return newMessage(
    'Tensor',
    ...shape.map((size) => encodeInteger(TENSOR.dimensions, size)),
    encodeInteger(TENSOR.type, type),
    encodeString(TENSOR.name, name),
    data instanceof Uint8Array ? encodeBytes(TENSOR.raw, data) : { kind: 'data', number: TENSOR.raw, data },
  );
}

export function child(number: number, message: Message): MessagePart {
  return { kind: 'message', number, message };
}
