import { Segment } from '../cut-pieces';
import { MessageType } from './schema';
import { BYTES, concatenate, encodeString, FIXED32, fieldsIn, varintAt, VARINT, WireField } from './wire';

/**
 * A message as a row of parts that keep the order and the bytes of the source: what is not understood is written as it
 * was read. Only what holds other messages of interest is taken apart.
 */
export interface Message {
  readonly type: MessageType;
  parts: Part[];
}

/** Whole fields, encoded. */
export interface EncodedPart {
  readonly kind: 'encoded';
  readonly bytes: Uint8Array;
  /** Position of the bytes in the model; undefined for new ones. */
  readonly start?: number;
}

/** One field too long to read, or a run of small ones (`number` 0): where its bytes, tag included, lie in the model. */
export interface DistantPart {
  readonly kind: 'distant';
  readonly number: number;
  readonly start: number;
  /** Position of the value. */
  readonly value: number;
  readonly end: number;
}

/** A message within. */
export interface MessagePart {
  readonly kind: 'message';
  readonly number: number;
  readonly message: Message;
}

/** A field of bytes whose content a step makes. */
export interface DataPart {
  readonly kind: 'data';
  readonly number: number;
  readonly data: Segment;
}

export type Part = EncodedPart | DistantPart | MessagePart | DataPart;

const decoder = new TextDecoder();

/** A new message from encoded fields and messages within. */
export function newMessage(type: MessageType, ...parts: readonly (Uint8Array | MessagePart | DataPart)[]): Message {
  return { type, parts: parts.map((part) => (part instanceof Uint8Array ? { kind: 'encoded', bytes: part } : part)) };
}

/** Visits the encoded fields of a number, in order. */
export function* fieldsOf(
  message: Message,
  number: number,
): Generator<{ bytes: Uint8Array; field: WireField; start: number | undefined }> {
  for (const part of message.parts) {
    if (part.kind !== 'encoded') continue;
    for (const field of fieldsIn(part.bytes))
      if (field.number === number) yield { bytes: part.bytes, field, start: part.start };
  }
}

/** Strings of a repeated field. */
export function stringsOf(message: Message, number: number): string[] {
  const values: string[] = [];
  for (const { bytes, field } of fieldsOf(message, number)) {
    if (field.wire === BYTES) values.push(decoder.decode(bytes.subarray(field.value, field.end)));
  }
  return values;
}

/** The string of a field, of which the last counts; empty where there is none. */
export function stringOf(message: Message, number: number): string {
  return stringsOf(message, number).at(-1) ?? '';
}

/** Integers of a repeated field, packed or not. */
export function integersOf(message: Message, number: number): bigint[] {
  const values: bigint[] = [];
  for (const { bytes, field } of fieldsOf(message, number)) {
    if (field.wire === VARINT) values.push(BigInt.asIntN(64, varintAt(bytes, field.value).value));
    if (field.wire !== BYTES) continue;
    for (let at = field.value; at < field.end;) {
      const { value, end } = varintAt(bytes, at, field.end);
      values.push(BigInt.asIntN(64, value));
      at = end;
    }
  }
  return values;
}

/** The integer of a field, of which the last counts; undefined where there is none. */
export function integerOf(message: Message, number: number): bigint | undefined {
  return integersOf(message, number).at(-1);
}

/** The f32 of a field, of which the last counts. */
export function floatOf(message: Message, number: number): number | undefined {
  let found: number | undefined;
  for (const { bytes, field } of fieldsOf(message, number)) {
    if (field.wire !== FIXED32) continue;
    found = new DataView(bytes.buffer, bytes.byteOffset + field.value, 4).getFloat32(0, true);
  }
  return found;
}

export function messagesOf(message: Message, number: number): Message[] {
  return message.parts.flatMap((part) => (part.kind === 'message' && part.number === number ? [part.message] : []));
}

/** Replaces the fields of a number by other encoded fields, which come last. */
export function replaceFields(message: Message, number: number, ...fields: readonly Uint8Array[]): void {
  message.parts = message.parts.flatMap((part): Part[] => {
    if (part.kind !== 'encoded') return 'number' in part && part.number === number ? [] : [part];
    const kept = Array.from(fieldsIn(part.bytes))
      .filter((field) => field.number !== number)
      .map((field) => part.bytes.subarray(field.start, field.end));
    return kept.length === 0 ? [] : [{ kind: 'encoded', bytes: concatenate(kept) }];
  });
  if (fields.length > 0) message.parts.push({ kind: 'encoded', bytes: concatenate(fields) });
}

export function replaceStrings(message: Message, number: number, values: readonly string[]): void {
  replaceFields(message, number, ...values.map((value) => encodeString(number, value)));
}
