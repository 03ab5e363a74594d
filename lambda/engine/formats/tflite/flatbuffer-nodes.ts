/**
 * A flatbuffer's content, free of its layout. Nodes are never changed once made: what differs is built anew, so that a
 * node which several places share stays true for all of them.
 */

/** A table of the schema. A scalar field is its raw bits: a number up to 4 bytes wide, a bigint at 8. */
export interface TableNode {
  readonly kind: 'table';
  readonly type: string;
  /** By slot; undefined where the field is absent. */
  readonly fields: readonly (FieldValue | undefined)[];
}

/** A vector of scalars, little-endian. */
export interface ScalarsNode {
  readonly kind: 'scalars';
  readonly width: 1 | 2 | 4 | 8;
  readonly data: Uint8Array;
}

/** A byte vector that was too long to read; where its bytes lie in the source. */
export interface DistantNode {
  readonly kind: 'distant';
  readonly offset: number;
  readonly length: number;
}

/** A string, as UTF-8 without its closing zero. */
export interface StringNode {
  readonly kind: 'string';
  readonly data: Uint8Array;
}

export interface StringsNode {
  readonly kind: 'strings';
  readonly items: readonly StringNode[];
}

export interface TablesNode {
  readonly kind: 'tables';
  readonly items: readonly TableNode[];
}

export type Node = TableNode | ScalarsNode | DistantNode | StringNode | StringsNode | TablesNode;
export type FieldValue = number | bigint | Node;

/** A new table from the given fields by slot. */
export function table(type: string, fields: Readonly<Record<number, FieldValue | undefined>>): TableNode {
  const slots: (FieldValue | undefined)[] = [];
  for (const [slot, value] of Object.entries(fields)) slots[Number(slot)] = value;
  return { kind: 'table', type, fields: Array.from(slots) };
}

/** A copy of a table with some fields replaced; undefined removes one. */
export function withFields(node: TableNode, fields: Readonly<Record<number, FieldValue | undefined>>): TableNode {
  const slots = [...node.fields];
  for (const [slot, value] of Object.entries(fields)) slots[Number(slot)] = value;
  return { kind: 'table', type: node.type, fields: Array.from(slots) };
}

/** A vector of 32-bit integers. */
export function int32s(values: ArrayLike<number>): ScalarsNode {
  const data = new Uint8Array(values.length * 4);
  const view = new DataView(data.buffer);
  for (let i = 0; i < values.length; i++) view.setInt32(i * 4, values[i], true);
  return { kind: 'scalars', width: 4, data };
}

/** A vector of zeros. */
export function zeros(width: 1 | 4 | 8, count: number): ScalarsNode {
  return { kind: 'scalars', width, data: new Uint8Array(width * count) };
}

export function string(text: string): StringNode {
  return { kind: 'string', data: new TextEncoder().encode(text) };
}
