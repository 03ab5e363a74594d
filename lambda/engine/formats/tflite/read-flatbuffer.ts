import { InvalidModelError } from '../../errors';
import { FieldValue, Node, ScalarsNode, StringNode, TableNode } from './flatbuffer-nodes';
import { PagedBytes } from './paged-bytes';
import { FieldKind, fieldsOf } from './schema';

/** Byte vectors of a `Buffer` longer than this, 1023 floats, may be weights: they are located, not read. */
export const MAX_INLINE_BYTES = 4095;
/** Tables, strings, vectors and references in one model; the largest real models have some ten thousands. */
const MAX_NODES = 2_000_000;
/** Bytes of strings and vectors that are read, and of vectors' entries. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads a flatbuffer along the TFLite schema. References only ever point forward, so no cycle can be; what several
 * places refer to is read once and shared, so that no nest of references can multiply.
 */
export class FlatbufferReader {
  private readonly seen = new Map<string, Map<number, Node>>();
  private nodes = 0;
  private bytes = 0;

  constructor(private readonly file: PagedBytes) {}

  /** @throws InvalidModelError when the file is damaged or uses what the schema does not have. */
  async root(type: string): Promise<TableNode> {
    return this.table(type, await this.follow(0, type));
  }

  private async table(type: string, at: number): Promise<TableNode> {
    return this.once(`table ${type}`, at, async () => {
      const back = (await this.file.u32(at, type)) | 0;
      const vtable = at - back;
      const head = await this.file.bytes(vtable, 4, `the field list of ${type}`);
      const vtableLength = head[0] | (head[1] << 8);
      const tableLength = head[2] | (head[3] << 8);
      if (vtableLength < 4 || vtableLength % 2 !== 0 || tableLength < 4) {
        throw this.fault(`the field list of ${type} at byte ${vtable} is damaged`);
      }
      this.spend(tableLength);
      const slots = await this.file.bytes(vtable, vtableLength, `the field list of ${type}`);
      const body = await this.file.bytes(at, tableLength, type);
      const kinds = fieldsOf(type);
      const fields: (FieldValue | undefined)[] = kinds.map(() => undefined);
      for (let slot = 0; slot < (vtableLength - 4) / 2; slot++) {
        const offset = slots[4 + slot * 2] | (slots[5 + slot * 2] << 8);
        if (offset === 0) continue;
        const kind = kinds[slot];
        if (kind === undefined) {
          throw this.fault(
            `${type} has a field number ${slot}, which the TFLite schema known here does not; ` +
              'it was written by a newer converter, export it with TensorFlow 2.21 or ai-edge-litert 2.3 or older',
          );
        }
        const width = kind.kind === 'scalar' ? kind.width : 4;
        if (offset < 4 || offset + width > tableLength)
          throw this.fault(`field ${slot} of ${type} lies outside its table`);
        fields[slot] =
          kind.kind === 'scalar'
            ? scalar(body, offset, width)
            : await this.reference(type, kind, at + offset, fields[slot - 1]);
      }
      return { kind: 'table', type, fields };
    });
  }

  private async reference(
    owner: string,
    kind: Exclude<FieldKind, { kind: 'scalar' }>,
    slot: number,
    tag: FieldValue | undefined,
  ): Promise<Node | undefined> {
    if (kind.kind === 'union') {
      if (typeof tag !== 'number' || tag === 0) return undefined;
      const member = kind.members[tag - 1];
      if (member === undefined) {
        throw this.fault(
          `${owner} has options of the unknown kind ${tag}; it was written by a newer converter or is damaged`,
        );
      }
      return this.table(member, await this.follow(slot, member));
    }
    const at = await this.follow(slot, owner);
    switch (kind.kind) {
      case 'table':
        return this.table(kind.table, at);
      case 'string':
        return this.string(at);
      case 'scalars':
        return this.scalars(owner, kind.width, at);
      case 'strings':
        return this.once('strings', at, async () => {
          const items: StringNode[] = [];
          for (const item of await this.entries(at, owner)) items.push(await this.string(item));
          return { kind: 'strings', items };
        });
      case 'tables':
        return this.once(`tables ${kind.table}`, at, async () => {
          const items: TableNode[] = [];
          for (const item of await this.entries(at, kind.table)) items.push(await this.table(kind.table, item));
          return { kind: 'tables', items };
        });
    }
  }

  private async string(at: number): Promise<StringNode> {
    return this.once('string', at, async () => {
      const length = await this.file.u32(at, 'a string');
      this.spend(length);
      return { kind: 'string', data: (await this.file.bytes(at + 4, length, 'a string')).slice() };
    });
  }

  private async scalars(owner: string, width: 1 | 2 | 4 | 8, at: number): Promise<Node> {
    const length = (await this.file.u32(at, `a vector of ${owner}`)) * width;
    this.file.check(at + 4, length, `a vector of ${owner}`);
    if (owner === 'Buffer' && length > MAX_INLINE_BYTES) {
      return this.once('distant', at, async () => ({ kind: 'distant', offset: at + 4, length }));
    }
    return this.once(`scalars ${width}`, at, async () => {
      this.spend(length);
      const data = (await this.file.bytes(at + 4, length, `a vector of ${owner}`)).slice();
      return { kind: 'scalars', width, data } satisfies ScalarsNode;
    });
  }

  /** Positions that a vector of references points to. */
  private async entries(at: number, what: string): Promise<number[]> {
    const count = await this.file.u32(at, `the list of ${what}`);
    this.file.check(at + 4, count * 4, `the list of ${what}`);
    this.count(count);
    this.spend(count * 4);
    const bytes = await this.file.bytes(at + 4, count * 4, `the list of ${what}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: count }, (_, i) => this.target(at + 4 + i * 4, view.getUint32(i * 4, true), what));
  }

  private async follow(slot: number, what: string): Promise<number> {
    return this.target(slot, await this.file.u32(slot, what), what);
  }

  private target(slot: number, distance: number, what: string): number {
    if (distance < 4) throw this.fault(`a reference to ${what} at byte ${slot} points at itself`);
    this.file.check(slot + distance, 4, what);
    return slot + distance;
  }

  private async once<T extends Node>(kind: string, at: number, read: () => Promise<T>): Promise<T> {
    let places = this.seen.get(kind);
    if (places === undefined) this.seen.set(kind, (places = new Map<number, Node>()));
    const known = places.get(at);
    if (known !== undefined) return known as T;
    this.count(1);
    const node = await read();
    places.set(at, node);
    return node;
  }

  private count(nodes: number): void {
    this.nodes += nodes;
    if (this.nodes > MAX_NODES) {
      throw this.fault(`it has more than ${MAX_NODES} tables and vectors; this is not a model that a converter wrote`);
    }
  }

  private spend(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > MAX_BYTES) {
      throw this.fault(
        `its structure, weights aside, takes more than ${MAX_BYTES >> 20} MiB; this is not a model that a converter wrote`,
      );
    }
  }

  private fault(problem: string): InvalidModelError {
    return new InvalidModelError(this.file.source.name, problem);
  }
}

function scalar(body: Uint8Array, offset: number, width: number): number | bigint {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  switch (width) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true);
    case 4:
      return view.getUint32(offset, true);
    default:
      return view.getBigUint64(offset, true);
  }
}
