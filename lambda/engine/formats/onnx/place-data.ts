import { Segment } from '../cut-pieces';
import { SourceRange } from '../../steps';
import { child } from './builders';
import { ExternalFiles } from './external-files';
import { Message, newMessage, Part, replaceFields } from './message';
import { ENTRY, TENSOR } from './schema';
import { externalRange, isExternal } from './source-tensor';
import { encodeInteger, encodeString } from './wire';
import { copySegment, literalSegment, messageSize } from './write-model';

/** Tensors of fewer bytes stay in the model. */
const LEAST_EXTERNAL_BYTES = 1024;
/** Data starts at a page, so that runtimes may map the file into memory. */
const PAGE_BYTES = 4096;
/** Data of less than this is packed closer, at cache lines. */
const LEAST_PAGED_BYTES = 64 * 1024;
const LINE_BYTES = 64;

/** A file of data beside the model, filled tensor by tensor. */
class DataFile {
  readonly segments: Segment[] = [];
  private size = 0;
  /** Where ranges of the source went, so that what several tensors share stays shared. */
  private readonly places = new Map<string, number>();

  /** @param location The file's path from the model's folder. */
  constructor(private readonly location: string) {}

  /** Moves the data of a tensor into this file, unless it is small. */
  move(tensor: Message, model: number): void {
    for (const part of tensor.parts) {
      const moved = movable(part, model);
      if (moved === undefined || moved.length < LEAST_EXTERNAL_BYTES) continue;
      tensor.parts = tensor.parts.filter((other) => other !== part);
      this.refer(tensor, this.append(moved), moved.length);
      return;
    }
  }

  /** Takes over the data of a tensor that lies in a file of the source. */
  takeOver(tensor: Message, { file, offset, length }: SourceRange): void {
    const key = `${file} ${offset} ${length}`;
    const place = this.places.get(key) ?? this.append(copySegment(file, offset, length));
    this.places.set(key, place);
    this.refer(tensor, place, length);
  }

  private append(segment: Segment): number {
    const alignment = segment.length < LEAST_PAGED_BYTES ? LINE_BYTES : PAGE_BYTES;
    const gap = (alignment - (this.size % alignment)) % alignment;
    if (gap > 0) this.segments.push(literalSegment(new Uint8Array(gap)));
    const place = this.size + gap;
    this.segments.push(segment);
    this.size = place + segment.length;
    return place;
  }

  private refer(tensor: Message, offset: number, length: number): void {
    replaceFields(tensor, TENSOR.external);
    replaceFields(tensor, TENSOR.location, encodeInteger(TENSOR.location, 1));
    const entries = { location: this.location, offset: String(offset), length: String(length) };
    for (const [key, value] of Object.entries(entries)) {
      const entry = newMessage('Entry', encodeString(ENTRY.key, key), encodeString(ENTRY.value, value));
      tensor.parts.push(child(TENSOR.external, entry));
    }
  }
}

/** A model's data beside it, where there is any. */
export interface PlacedData {
  readonly key: string;
  readonly segments: readonly Segment[];
}

/** Protocol buffers are not longer than this. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Decides where data lies. A model that has data beside it, or would be too long without, has all of its larger tensors
 * in one file beside it; any other keeps them in itself.
 */
export function placeData(message: Message, model: number, files: ExternalFiles): PlacedData | undefined {
  const tensors = tensorsWithin(message);
  const external = new Set(tensors.filter(isExternal));
  if (external.size === 0 && files.used.size === 0 && messageSize(message) <= MAX_MODEL_BYTES) return undefined;
  const location = `${files.model.slice(files.model.lastIndexOf('/') + 1)}.data`;
  const data = new DataFile(location);
  for (const tensor of tensors) {
    if (external.has(tensor)) data.takeOver(tensor, externalRange(tensor, files));
    else data.move(tensor, model);
  }
  return { key: `${files.model}.data`, segments: data.segments };
}

/** Raw data that may lie elsewhere. */
function movable(part: Part, model: number): Segment | undefined {
  if (part.kind === 'data') return part.data;
  if (part.kind !== 'distant' || part.number !== TENSOR.raw) return undefined;
  return copySegment(model, part.value, part.end - part.value);
}

/** All tensors in a message. */
function tensorsWithin(message: Message): Message[] {
  if (message.type === 'Tensor') return [message];
  return message.parts.flatMap((part) => (part.kind === 'message' ? tensorsWithin(part.message) : []));
}
