import { InvalidModelError } from '../../errors';
import { ByteSource } from '../../io/byte-source';
import { Message, Part } from './message';
import { childType, MessageType } from './schema';
import { BYTES, FIXED32, FIXED64, MAX_VARINT_BYTES, VARINT } from './wire';
import { WindowedBytes } from './windowed-bytes';

/** Values of fields longer than this stay in the file: weights, tables, documentation. */
const MAX_VALUE_BYTES = 4096;
/** A run of small fields longer than this stays in the file, such as the numbers of a forest of trees. */
const MAX_RUN_BYTES = 1024 * 1024;
/** As deep as protocol buffers' own readers go. */
const MAX_DEPTH = 100;
/** Far above the structure of any model; each costs some hundred bytes of memory. */
const MAX_MESSAGES = 1_000_000;
/** What the structure may hold in all, in bytes. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;

/**
 * Reads a message's structure, and leaves long values in the file.
 *
 * @throws InvalidModelError when the bytes are no protocol buffers, or cost more memory than any model's structure.
 */
export async function readModel(source: ByteSource): Promise<Message> {
  return new Reader(new WindowedBytes(source)).message('Model', 0, source.size, 0);
}

class Reader {
  private messages = 0;
  private held = 0;

  constructor(private readonly window: WindowedBytes) {}

  async message(type: MessageType, start: number, end: number, depth: number): Promise<Message> {
    if (depth > MAX_DEPTH) this.window.fail(start, `messages lie in each other more than ${MAX_DEPTH} deep`);
    if (++this.messages > MAX_MESSAGES) this.window.fail(start, `there are more than ${MAX_MESSAGES} messages`);
    const parts: Part[] = [];
    /** Where the run of fields began that is not in `parts` yet. */
    let run = start;
    let at = start;
    const flush = (to: number): void => {
      if (to > run) parts.push(this.runPart(run, to));
    };
    while (at < end) {
      if (!this.window.holds(at, Math.min(2 * MAX_VARINT_BYTES, end - at))) {
        if (at - run > MAX_RUN_BYTES) {
          flush(at);
          run = at;
        }
        await this.window.move(run, at - run + 2 * MAX_VARINT_BYTES);
      }
      const field = this.field(at, end);
      const child = field.wire === BYTES ? childType(type, field.number) : undefined;
      if (child !== undefined) {
        flush(at);
        const message = await this.message(child, field.value, field.end, depth + 1);
        parts.push({ kind: 'message', number: field.number, message });
        run = field.end;
      } else if (field.end - field.value > MAX_VALUE_BYTES) {
        flush(at);
        parts.push({ kind: 'distant', number: field.number, start: at, value: field.value, end: field.end });
        run = field.end;
      } else if (!this.window.holds(run, field.end - run)) {
        await this.window.move(run, field.end - run);
      }
      at = field.end;
    }
    flush(end);
    return { type, parts };
  }

  /** A run of small fields; all of it lies in the window when it is short enough to be held. */
  private runPart(start: number, end: number): Part {
    if (end - start > MAX_RUN_BYTES) return { kind: 'distant', number: 0, start, value: start, end };
    this.held += end - start;
    if (this.held > MAX_HELD_BYTES) {
      throw new InvalidModelError(
        this.window.source.name,
        `its structure takes more than ${MAX_HELD_BYTES >> 20} MiB; this is not a model that an exporter wrote`,
      );
    }
    const from = start - this.window.offset;
    return { kind: 'encoded', bytes: this.window.bytes.slice(from, from + end - start), start };
  }

  /** Bounds of the field at a position, checked against the message's end. */
  private field(start: number, end: number): { number: number; wire: number; value: number; end: number } {
    const tag = this.varint(start, end);
    const [number, wire] = [Math.floor(tag.value / 8), tag.value % 8];
    if (number === 0 || number > 0x1fffffff) this.window.fail(start, `a field has the number ${number}`);
    let value = tag.end;
    let stop: number;
    if (wire === VARINT) stop = this.varint(value, end).end;
    else if (wire === FIXED64) stop = value + 8;
    else if (wire === FIXED32) stop = value + 4;
    else if (wire === BYTES) {
      const length = this.varint(value, end);
      value = length.end;
      stop = value + length.value;
    } else this.window.fail(start, `a field is of wire type ${wire}, which ONNX does not have`);
    if (stop > end) this.window.fail(start, `a field ends at byte ${stop}, but what holds it ends at byte ${end}`);
    return { number, wire, value, end: stop };
  }

  /** Negative numbers and others above 2^53 come out inexact, which only lengths would mind, and they are refused. */
  private varint(start: number, end: number): { value: number; end: number } {
    const { bytes, offset } = this.window;
    let [value, scale] = [0, 1];
    for (let at = start; at < end && at - start < MAX_VARINT_BYTES; at++) {
      const byte = bytes[at - offset];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return { value, end: at + 1 };
      scale *= 128;
    }
    return this.window.fail(
      start,
      end - start < MAX_VARINT_BYTES ? 'a number is cut off' : 'a number has more than 64 bits',
    );
  }
}
