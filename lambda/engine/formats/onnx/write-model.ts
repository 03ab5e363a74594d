import { Segment } from '../cut-pieces';
import { Message, Part } from './message';
import { bytesHead, bytesHeadSize, concatenate } from './wire';

/** Lays out a message: what is at hand, copies of what lies in the model, and what steps make. */
export function layOutMessage(message: Message, file: number): Segment[] {
  const sizes = new Map<Message, number>();
  const segments: Segment[] = [];
  let literals: Uint8Array[] = [];
  const flush = (): void => {
    if (literals.length > 0) segments.push(literalSegment(concatenate(literals)));
    literals = [];
  };
  const write = (part: Part): void => {
    if (part.kind === 'encoded') literals.push(part.bytes);
    else if (part.kind === 'message') {
      literals.push(bytesHead(part.number, messageSize(part.message, sizes)));
      part.message.parts.forEach(write);
    } else {
      if (part.kind === 'data') literals.push(bytesHead(part.number, part.data.length));
      flush();
      segments.push(part.kind === 'data' ? part.data : copySegment(file, part.start, part.end - part.start));
    }
  };
  message.parts.forEach(write);
  flush();
  return segments.filter(({ length }) => length > 0);
}

/** Length of a message in bytes. */
export function messageSize(message: Message, known: Map<Message, number> = new Map()): number {
  let size = known.get(message);
  if (size === undefined) {
    size = message.parts.reduce((sum, part) => sum + partSize(part, known), 0);
    known.set(message, size);
  }
  return size;
}

function partSize(part: Part, known: Map<Message, number>): number {
  if (part.kind === 'encoded') return part.bytes.length;
  if (part.kind === 'distant') return part.end - part.start;
  const length = part.kind === 'data' ? part.data.length : messageSize(part.message, known);
  return bytesHeadSize(part.number, length) + length;
}

/** A run of a file as it is. */
export function copySegment(file: number, offset: number, length: number, tensor?: number): Segment {
  const named = tensor === undefined ? {} : { tensor };
  return {
    length,
    unit: 1,
    costPerByte: 1,
    fixedCost: 0,
    step: (first, part) => ({
      kind: 'copy',
      length: part,
      from: { file, offset: offset + first, length: part },
      ...named,
    }),
  };
}

export function literalSegment(bytes: Uint8Array): Segment {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  return {
    length: bytes.length,
    unit: bytes.length,
    costPerByte: 0,
    fixedCost: 0,
    step: () => ({ kind: 'literal', length: bytes.length, data }),
  };
}
