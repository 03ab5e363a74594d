import { SCHEMA_TABLES, SCHEMA_UNIONS } from './schema-tables';

/** What one field of a table holds. */
export type FieldKind =
  | { readonly kind: 'scalar'; readonly width: 1 | 2 | 4 | 8 }
  | { readonly kind: 'scalars'; readonly width: 1 | 2 | 4 | 8 }
  | { readonly kind: 'string' }
  | { readonly kind: 'strings' }
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'tables'; readonly table: string }
  | { readonly kind: 'union'; readonly members: readonly string[] };

const parsed = new Map<string, readonly FieldKind[]>();

/** The fields of a table of the TFLite schema, in slot order. */
export function fieldsOf(table: string): readonly FieldKind[] {
  let fields = parsed.get(table);
  if (fields === undefined) {
    const words = Object.hasOwn(SCHEMA_TABLES, table) ? SCHEMA_TABLES[table].split(' ') : [];
    fields = words.map(parseKind);
    parsed.set(table, fields);
  }
  return fields;
}

/** The number of a union's member. */
export function unionMember(union: string, member: string): number {
  return SCHEMA_UNIONS[union].indexOf(member) + 1;
}

function parseKind(word: string): FieldKind {
  if (word.startsWith('|')) return { kind: 'union', members: SCHEMA_UNIONS[word.slice(1)] };
  const inner = word.startsWith('[') ? word.slice(1, -1) : word;
  const vector = inner !== word;
  if (/^[1248]$/.test(inner)) {
    return { kind: vector ? 'scalars' : 'scalar', width: Number(inner) as 1 | 2 | 4 | 8 };
  }
  if (inner === 'string') return { kind: vector ? 'strings' : 'string' };
  return { kind: vector ? 'tables' : 'table', table: inner };
}
