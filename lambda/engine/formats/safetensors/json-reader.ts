/** Bounds of what a JSON document from outside may be. */
export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Bytes of one string, quotes included. */
  readonly stringBytes: number;
  /** Whether `NaN` and `Infinity` pass, which Python's json writes. */
  readonly pythonNumbers?: boolean;
}

/** A fault in a JSON document; the caller adds the file's name. */
export class JsonFault extends Error {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Pulls values out of JSON bytes, one at a time. JSON.parse would take a duplicate name's last value without a word,
 * nest as deep as the stack goes, and hold a hostile 100 MB header as objects before anything could refuse it.
 */
export class JsonReader {
  /** Where the next byte is read. */
  at = 0;
  private depth = 0;
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(
    private readonly bytes: Uint8Array,
    private readonly limits: JsonLimits,
  ) {}

  /** First byte of the next value or mark, white space skipped; -1 at the end. */
  peek(): number {
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return -1;
  }

  /** Refuses anything but white space from here on. */
  end(): void {
    if (this.peek() !== -1) this.fail('text follows the end of the JSON document');
  }

  /** Reads an object; `onMember` must read the member's value. Names must not repeat. */
  object(onMember: (name: string) => void): void {
    const names = new Set<string>();
    this.sequence('{', '}', () => {
      const name = this.string();
      if (names.has(name)) this.fail(`the name ${JSON.stringify(name)} appears twice in one object`);
      names.add(name);
      this.expect(':');
      this.peek();
      onMember(name);
    });
  }

  /** Reads an array; `onElement` must read the element. */
  array(onElement: () => void): void {
    this.sequence('[', ']', onElement);
  }

  string(): string {
    if (this.peek() !== QUOTE) this.fail('expected a string');
    const start = this.at;
    let plain = true;
    for (this.at++; ; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === undefined) this.fail('a string has no end');
      if (byte === QUOTE) break;
      if (byte < 0x20) this.fail('a string holds a control character');
      if (byte === BACKSLASH) {
        plain = false;
        this.at++;
      }
      if (this.at - start > this.limits.stringBytes)
        this.fail(`a string is longer than ${this.limits.stringBytes} bytes`);
    }
    this.at++;
    const text = this.decode(start + 1, this.at - 1);
    if (plain) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      return this.fail('a string has an escape that JSON does not know');
    }
  }

  number(): number {
    const text = this.word();
    if (this.limits.pythonNumbers && /^(?:NaN|-?Infinity)$/.test(text)) return Number(text);
    if (!NUMBER.test(text)) this.fail(`expected a number, found ${JSON.stringify(text.slice(0, 40))}`);
    return Number(text);
  }

  /** An integer from 0 to 2^53-1; larger ones cannot be a length or an offset of anything real. */
  count(): number {
    const text = this.word();
    const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value)) {
      this.fail(`expected a whole number from 0 to 2^53-1, found ${JSON.stringify(text.slice(0, 40))}`);
    }
    return value;
  }

  /** Reads a value of any kind; objects become maps, so that no name can reach a prototype. */
  value(): JsonValue {
    const first = this.peek();
    if (first === QUOTE) return this.string();
    if (first === 0x7b) {
      const members = new Map<string, JsonValue>();
      this.object((name) => members.set(name, this.value()));
      return members;
    }
    if (first === 0x5b) {
      const elements: JsonValue[] = [];
      this.array(() => elements.push(this.value()));
      return elements;
    }
    const start = this.at;
    const text = this.word();
    if (text === 'true') return true;
    if (text === 'false') return false;
    if (text === 'null') return null;
    this.at = start;
    return this.number();
  }

  fail(problem: string): never {
    throw new JsonFault(`${problem} (byte ${this.at})`);
  }

  private sequence(open: string, close: string, onEntry: () => void): void {
    this.expect(open);
    if (++this.depth > this.limits.depth) this.fail(`nesting is deeper than ${this.limits.depth}`);
    if (this.peek() !== close.charCodeAt(0)) {
      for (;;) {
        onEntry();
        if (this.peek() === close.charCodeAt(0)) break;
        this.expect(',');
      }
    }
    this.at++;
    this.depth--;
  }

  private expect(mark: string): void {
    if (this.peek() !== mark.charCodeAt(0)) this.fail(`expected ${mark}`);
    this.at++;
  }

  private word(): string {
    this.peek();
    const start = this.at;
    while (this.at < this.bytes.length && this.at - start < 64 && isWordByte(this.bytes[this.at])) this.at++;
    return this.decode(start, this.at);
  }

  private decode(from: number, to: number): string {
    try {
      return this.utf8.decode(this.bytes.subarray(from, to));
    } catch {
      return this.fail('text is not UTF-8');
    }
  }
}

export type JsonValue = null | boolean | number | string | JsonValue[] | Map<string, JsonValue>;

function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}
