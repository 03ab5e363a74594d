/** The wire format of protocol buffers: a message is a row of fields, each a tag and a value. */

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** Longest encoding of 64 bits. */
export const MAX_VARINT_BYTES = 10;

/** A field with its value where its bytes are. */
export interface WireField {
  readonly number: number;
  readonly wire: number;
  /** Position of the field's tag. */
  readonly start: number;
  /** Position of the value; for BYTES, of the first byte after the length. */
  readonly value: number;
  /** Position after the field. */
  readonly end: number;
}

/** What a message's bytes cannot be. */
export class WireError extends Error {}

/**
 * A varint: its value modulo 2^64, and the position after it.
 *
 * @throws WireError when it does not end before `limit`.
 */
export function varintAt(bytes: Uint8Array, at: number, limit = bytes.length): { value: bigint; end: number } {
  // Most take a byte.
  if (at < limit && bytes[at] < 0x80) return { value: BigInt(bytes[at]), end: at + 1 };
  let [value, shift] = [0n, 0n];
  while (at < limit) {
    const byte = bytes[at++];
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: at };
    if (shift === 70n) break;
  }
  throw new WireError('a list of numbers is cut off');
}

/** The fields of bytes that were checked when they were read. Their tags and lengths need no more than 2^53. */
export function* fieldsIn(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  const next = (): number => {
    let [value, scale] = [0, 1];
    for (; bytes[at] >= 0x80; scale *= 0x80) value += (bytes[at++] & 0x7f) * scale;
    if (at >= bytes.length) throw new WireError('a field is cut off');
    return value + bytes[at++] * scale;
  };
  while (at < bytes.length) {
    const start = at;
    const tag = next();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    let value = at;
    if (wire === VARINT) next();
    else if (wire === FIXED64) at += 8;
    else if (wire === FIXED32) at += 4;
    else {
      const length = next();
      value = at;
      at = value + length;
    }
    yield { number, wire, start, value, end: at };
  }
}

export function encodeVarint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  // Numbers of 64 bits are few, and arithmetic with them is slow.
  if (typeof value === 'bigint' || value < 0) {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  } else {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

export function encodeTag(number: number, wire: number): Uint8Array {
  return encodeVarint(number * 8 + wire);
}

/** The tag and the length before `length` bytes of a field. */
export function bytesHead(number: number, length: number): Uint8Array {
  return concatenate([encodeTag(number, BYTES), encodeVarint(length)]);
}

/** Length of what `bytesHead` makes. */
export function bytesHeadSize(number: number, length: number): number {
  let size = 2;
  for (let rest = number * 8; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

export function encodeBytes(number: number, value: Uint8Array): Uint8Array {
  return concatenate([bytesHead(number, value.length), value]);
}

export function encodeString(number: number, value: string): Uint8Array {
  return encodeBytes(number, new TextEncoder().encode(value));
}

export function encodeInteger(number: number, value: number | bigint): Uint8Array {
  return concatenate([encodeTag(number, VARINT), encodeVarint(value)]);
}

export function encodeFloat(number: number, value: number): Uint8Array {
  return concatenate([encodeTag(number, FIXED32), new Uint8Array(Float32Array.of(value).buffer)]);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
