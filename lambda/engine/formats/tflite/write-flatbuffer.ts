import { FieldValue, Node, ScalarsNode, TableNode } from './flatbuffer-nodes';
import { fieldsOf } from './schema';

/** A flatbuffer that was written, and where its parts lie. */
export interface WrittenFlatbuffer {
  readonly bytes: Uint8Array;
  /** Position of a vector's first element. */
  elements(vector: ScalarsNode): number;
  /** Position of a scalar field that is present. */
  field(table: TableNode, slot: number): number;
}

/**
 * Writes a tree as a flatbuffer, 16-byte aligned throughout. Built from the end, because references may only point
 * forward: what is referred to must lie behind what refers, also when several places share it.
 */
export function writeFlatbuffer(root: TableNode, identifier: string): WrittenFlatbuffer {
  const writer = new Writer();
  const place = writer.node(root);
  writer.align(16, 8);
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, writer.length + 8 - place, true);
  head.set(new TextEncoder().encode(identifier), 4);
  writer.prepend(head);
  const total = writer.length;
  return {
    bytes: writer.finished(),
    elements: (vector) => total - writer.places.get(vector)! + 4,
    field: (table, slot) => total - writer.places.get(table)! + writer.fieldOffsets.get(table)![slot],
  };
}

/** Places are counted from the buffer's end, where they do not move while it grows. */
class Writer {
  readonly places = new Map<Node, number>();
  readonly fieldOffsets = new Map<TableNode, number[]>();
  private readonly vtables = new Map<string, number>();
  private buffer = new Uint8Array(64 * 1024);
  length = 0;

  finished(): Uint8Array {
    return this.buffer.slice(this.buffer.length - this.length);
  }

  /** Writes a node unless it is there already, and returns its place. */
  node(node: Node): number {
    let place = this.places.get(node);
    if (place === undefined) {
      place = this.write(node);
      this.places.set(node, place);
    }
    return place;
  }

  /** Pads so that what follows, `ahead` bytes long, starts aligned. */
  align(alignment: number, ahead: number): void {
    const gap = -(this.length + ahead) & (alignment - 1);
    if (gap > 0) this.prepend(new Uint8Array(gap));
  }

  prepend(bytes: Uint8Array): number {
    while (this.buffer.length < this.length + bytes.length) {
      const grown = new Uint8Array(this.buffer.length * 2);
      grown.set(this.buffer, this.buffer.length);
      this.buffer = grown;
    }
    this.length += bytes.length;
    this.buffer.set(bytes, this.buffer.length - this.length);
    return this.length;
  }

  private write(node: Node): number {
    switch (node.kind) {
      case 'table':
        return this.table(node);
      case 'string':
        return this.vector(node.data.length, 4, withZero(node.data));
      case 'scalars':
        // Byte vectors may be tensors, which kernels read in vector registers.
        return this.vector(node.data.length / node.width, node.width === 1 ? 16 : node.width, node.data);
      case 'strings':
      case 'tables':
        return this.references(node.items.map((item) => this.node(item)));
      case 'distant':
        throw new Error('a distant vector must be replaced before a model is written');
    }
  }

  private vector(count: number, alignment: number, data: Uint8Array): number {
    this.align(Math.max(4, alignment), data.length);
    this.prepend(data);
    return this.prepend(uint32(count));
  }

  private references(places: number[]): number {
    this.align(4, places.length * 4);
    const end = this.length;
    const data = new Uint8Array(places.length * 4);
    const view = new DataView(data.buffer);
    places.forEach((place, i) => view.setUint32(i * 4, end + (places.length - i) * 4 - place, true));
    this.prepend(data);
    return this.prepend(uint32(places.length));
  }

  private table(node: TableNode): number {
    const kinds = fieldsOf(node.type);
    const present: { slot: number; width: number; value: FieldValue }[] = [];
    node.fields.forEach((value, slot) => {
      const kind = kinds[slot];
      if (value !== undefined) present.push({ slot, width: kind.kind === 'scalar' ? kind.width : 4, value });
    });
    const children = new Map(present.filter(isReference).map(({ slot, value }) => [slot, this.node(value)]));
    present.sort((a, b) => b.width - a.width || a.slot - b.slot);
    const offsets: number[] = [];
    let size = 4;
    for (const { slot, width } of present) {
      size = Math.ceil(size / width) * width;
      offsets[slot] = size;
      size += width;
    }
    size = Math.ceil(size / 4) * 4;
    this.align(8, size);
    const place = this.length + size;
    const body = new Uint8Array(size);
    const view = new DataView(body.buffer);
    for (const { slot, width, value } of present) {
      const child = children.get(slot);
      if (child !== undefined) view.setUint32(offsets[slot], place - offsets[slot] - child, true);
      else setScalar(view, offsets[slot], width, value as number | bigint);
    }
    this.prepend(body);
    const vtable = this.vtable(offsets, size);
    new DataView(this.buffer.buffer).setInt32(this.buffer.length - place, vtable - place, true);
    this.fieldOffsets.set(node, offsets);
    return place;
  }

  /** Tables of the same build share one list of field offsets. */
  private vtable(offsets: readonly number[], size: number): number {
    const entries = [4 + offsets.length * 2, size, ...Array.from(offsets, (offset) => offset ?? 0)];
    const key = entries.join();
    let place = this.vtables.get(key);
    if (place === undefined) {
      const data = new Uint8Array(entries.length * 2);
      const view = new DataView(data.buffer);
      entries.forEach((entry, i) => view.setUint16(i * 2, entry, true));
      this.align(2, data.length);
      place = this.prepend(data);
      this.vtables.set(key, place);
    }
    return place;
  }
}

function isReference(field: {
  slot: number;
  value: FieldValue;
}): field is { slot: number; width: number; value: Node } {
  return typeof field.value === 'object';
}

function setScalar(view: DataView, offset: number, width: number, value: number | bigint): void {
  if (width === 8) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true);
  else if (width === 4) view.setUint32(offset, Number(value) >>> 0, true);
  else if (width === 2) view.setUint16(offset, Number(value), true);
  else view.setUint8(offset, Number(value));
}

function uint32(value: number): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value, true);
  return data;
}

function withZero(text: Uint8Array): Uint8Array {
  const data = new Uint8Array(text.length + 1);
  data.set(text);
  return data;
}
