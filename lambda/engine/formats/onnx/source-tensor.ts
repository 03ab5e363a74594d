import { InvalidModelError } from '../../errors';
import { SourceRange } from '../../steps';
import { bytesOfType, typeName } from './element-types';
import { ExternalFiles } from './external-files';
import { fieldsOf, integerOf, integersOf, Message, stringOf } from './message';
import { TENSOR } from './schema';
import { BYTES } from './wire';

/** A tensor of the model: what its message tells, and where its values lie. */
export interface SourceTensor {
  readonly message: Message;
  readonly name: string;
  /** Number of its element type. */
  readonly type: number;
  readonly shape: readonly number[];
  /** How many values there are. */
  readonly count: number;
  /** Where the values lie, little-endian one after the other; undefined where they are stored otherwise. */
  readonly data: SourceRange | undefined;
  /** Whether the values lie in a file of their own. */
  readonly external: boolean;
  /** Bytes that the values take in the source. */
  readonly bytes: number;
}

const EXTERNAL = 1n;
/** Far more than any operator takes. */
const MAX_DIMENSIONS = 256;

export function isExternal(tensor: Message): boolean {
  return integerOf(tensor, TENSOR.location) === EXTERNAL;
}

/** Where the data of an external tensor lies. */
export function externalRange(tensor: Message, files: ExternalFiles): SourceRange {
  const shape = integersOf(tensor, TENSOR.dimensions).map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  return files.locate(
    tensor,
    stringOf(tensor, TENSOR.name),
    bytesOfType(Number(integerOf(tensor, TENSOR.type) ?? 0n), count),
  );
}

/**
 * Reads what a tensor's message tells.
 *
 * @param model Index of the model among the source's files.
 * @throws InvalidModelError when shape, type and length contradict each other, or data lies outside its file.
 */
export function readTensor(message: Message, model: number, files: ExternalFiles): SourceTensor {
  const name = stringOf(message, TENSOR.name);
  const type = Number(integerOf(message, TENSOR.type) ?? 0n);
  const shape = integersOf(message, TENSOR.dimensions).map(Number);
  const fail = (problem: string): never => {
    throw new InvalidModelError(files.model, `tensor ${JSON.stringify(name)} ${problem}; export the model again`);
  };
  if (shape.length > MAX_DIMENSIONS) fail(`has ${shape.length} dimensions, where ${MAX_DIMENSIONS} are the most`);
  if (shape.some((size) => size < 0)) fail(`has the shape [${shape.join(', ')}], with a negative size`);
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (count > Number.MAX_SAFE_INTEGER)
    fail(`has the shape [${shape.join(', ')}], with more values than can be counted`);
  const expected = bytesOfType(type, count);
  const external = isExternal(message);
  const found = external ? files.locate(message, name, expected) : embedded(message, model);
  const inPieces = integersOf(message, TENSOR.segment).length > 0 || found === undefined;
  if (found !== undefined && expected !== undefined && found.length !== expected) {
    const takes = `has the shape [${shape.join(', ')}] of ${typeName(type)}, which takes ${expected} bytes`;
    fail(`${takes}, but its data has ${found.length}`);
  }
  return {
    message,
    name,
    type,
    shape,
    count,
    data: inPieces || expected === undefined ? undefined : found,
    external,
    bytes: found?.length ?? expected ?? 0,
  };
}

/** Raw data, or the packed list of floats, which has the same bytes. */
function embedded(message: Message, file: number): SourceRange | undefined {
  const found: SourceRange[] = [];
  for (const number of [TENSOR.raw, TENSOR.floats]) {
    for (const part of message.parts) {
      if (part.kind === 'distant' && part.number === number)
        found.push({ file, offset: part.value, length: part.end - part.value });
    }
    for (const { field, start } of fieldsOf(message, number)) {
      // A list that is not packed has its values apart from each other.
      if (field.wire !== BYTES) return undefined;
      if (start !== undefined) found.push({ file, offset: start + field.value, length: field.end - field.value });
    }
  }
  const filled = found.filter(({ length }) => length > 0);
  return filled.length > 1 ? undefined : (filled[0] ?? emptyRange(message, file));
}

/** A tensor without any data field has no values, or has them in a field of another type. */
function emptyRange(message: Message, file: number): SourceRange | undefined {
  const typed = [5, 6, 7, 10, 11].some(
    (number) =>
      !fieldsOf(message, number).next().done ||
      message.parts.some((part) => part.kind === 'distant' && (part.number === number || part.number === 0)),
  );
  const lists = message.parts.some((part) => part.kind === 'distant' && part.number === 0);
  return typed || lists ? undefined : { file, offset: 0, length: 0 };
}
