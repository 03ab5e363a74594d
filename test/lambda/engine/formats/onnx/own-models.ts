import {
  child,
  integerValue,
  makeNode,
  makeTensor,
  tensorValue,
} from '../../../../../lambda/engine/formats/onnx/builders';
import { Message, MessagePart, newMessage } from '../../../../../lambda/engine/formats/onnx/message';
import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  ENTRY,
  FUNCTION,
  GRAPH,
  MODEL,
  OPERATOR_SET,
  TENSOR,
  VALUE_INFO,
} from '../../../../../lambda/engine/formats/onnx/schema';
import { concatenate, encodeBytes, encodeInteger, encodeString } from '../../../../../lambda/engine/formats/onnx/wire';
import { layOutMessage } from '../../../../../lambda/engine/formats/onnx/write-model';
import { LiteralStep } from '../../../../../lambda/engine/steps';

/** A message as bytes; one that holds no data of steps. */
export function bytesOf(message: Message): Uint8Array {
  return concatenate(
    layOutMessage(message, 0).map((segment) =>
      Buffer.from((segment.step(0, segment.length) as LiteralStep).data, 'base64'),
    ),
  );
}

export interface ModelOptions {
  readonly operatorSet?: number;
  readonly irVersion?: number;
  /** Further fields of the model. */
  readonly fields?: readonly (MessagePart | Uint8Array)[];
}

/** A model of the given parts of a graph. */
export function model(parts: readonly (MessagePart | Uint8Array)[], options: ModelOptions = {}): Uint8Array {
  const { operatorSet = 17, irVersion = 8, fields = [] } = options;
  return bytesOf(
    newMessage(
      'Model',
      encodeInteger(MODEL.irVersion, irVersion),
      child(MODEL.graph, graph('main', parts)),
      child(MODEL.operatorSets, newMessage('OperatorSet', encodeInteger(OPERATOR_SET.version, operatorSet))),
      ...fields,
    ),
  );
}

export function graph(name: string, parts: readonly (MessagePart | Uint8Array)[]): Message {
  return newMessage('Graph', encodeString(GRAPH.name, name), ...parts);
}

/** An input or output by name, type and sizes; a size may be a name. */
export function value(number: number, name: string, type = 1, shape: readonly (number | string)[] = []): MessagePart {
  const sizes = shape.map((size) =>
    encodeBytes(1, typeof size === 'number' ? encodeInteger(1, size) : encodeString(2, size)),
  );
  const tensor = concatenate([encodeInteger(1, type), encodeBytes(2, concatenate(sizes))]);
  return child(
    number,
    newMessage('ValueInfo', encodeString(VALUE_INFO.name, name), encodeBytes(VALUE_INFO.type, encodeBytes(1, tensor))),
  );
}

export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Message[] = [],
  domain?: string,
): MessagePart {
  const own = domain === undefined ? {} : { domain };
  return child(GRAPH.nodes, makeNode({ operator, name: outputs[0], inputs, outputs, attributes, ...own }));
}

/** Float values that are the same on every run, in about a normal distribution. */
export function numbers(count: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return new Uint8Array(Float32Array.from({ length: count }, () => (next() + next() + next() - 1.5) * 0.4).buffer);
}

export function weight(name: string, shape: readonly number[], seed = 1): MessagePart {
  const count = shape.reduce((product, size) => product * size, 1);
  return child(GRAPH.initializers, makeTensor(name, 1, shape, numbers(count, seed)));
}

/** A weight whose values are a packed list of floats. */
export function listedWeight(name: string, shape: readonly number[], seed = 1): MessagePart {
  const count = shape.reduce((product, size) => product * size, 1);
  return child(
    GRAPH.initializers,
    newMessage(
      'Tensor',
      ...shape.map((size) => encodeInteger(TENSOR.dimensions, size)),
      encodeInteger(TENSOR.type, 1),
      encodeBytes(TENSOR.floats, numbers(count, seed)),
      encodeString(TENSOR.name, name),
    ),
  );
}

/** A tensor whose data lies in a file. */
export function external(
  name: string,
  shape: readonly number[],
  entries: Readonly<Record<string, string>>,
): MessagePart {
  return child(
    GRAPH.initializers,
    newMessage(
      'Tensor',
      ...shape.map((size) => encodeInteger(TENSOR.dimensions, size)),
      encodeInteger(TENSOR.type, 1),
      encodeString(TENSOR.name, name),
      ...Object.entries(entries).map(([key, text]) =>
        child(TENSOR.external, newMessage('Entry', encodeString(ENTRY.key, key), encodeString(ENTRY.value, text))),
      ),
      encodeInteger(TENSOR.location, 1),
    ),
  );
}

export function constant(name: string, shape: readonly number[], seed = 1): MessagePart {
  const count = shape.reduce((product, size) => product * size, 1);
  return node('Constant', [], [name], [tensorValue('value', makeTensor('', 1, shape, numbers(count, seed)))]);
}

/** An attribute that holds a graph. */
export function graphValue(name: string, inner: Message): Message {
  return newMessage(
    'Attribute',
    encodeString(ATTRIBUTE.name, name),
    child(ATTRIBUTE.graph, inner),
    encodeInteger(ATTRIBUTE.type, ATTRIBUTE_TYPE.graph),
  );
}

/** A function of the model's own. */
export function functionOf(domain: string, name: string, nodes: readonly MessagePart[]): MessagePart {
  return child(
    MODEL.functions,
    newMessage(
      'Function',
      encodeString(FUNCTION.name, name),
      encodeString(4, 'x'),
      encodeString(5, 'y'),
      ...nodes.map((part) => child(FUNCTION.nodes, part.message)),
      child(FUNCTION.operatorSets, newMessage('OperatorSet', encodeInteger(OPERATOR_SET.version, 17))),
      encodeString(FUNCTION.domain, domain),
    ),
  );
}

export { integerValue };
