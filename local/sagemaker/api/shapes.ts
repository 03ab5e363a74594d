import { ApiError } from './api-error';

/** The constraints on one value of a request, as the service's own API model states them. */
export type Shape =
  | {
      readonly type: 'string';
      readonly min?: number;
      readonly max?: number;
      readonly pattern?: string;
      readonly values?: readonly string[];
    }
  | { readonly type: 'number'; readonly min?: number; readonly max?: number; readonly integer?: boolean }
  | { readonly type: 'boolean' }
  | { readonly type: 'list'; readonly of: Shape; readonly min?: number; readonly max?: number }
  | { readonly type: 'map'; readonly of: Shape; readonly max?: number }
  | { readonly type: 'structure'; readonly members: Readonly<Record<string, Member>> };

export interface Member {
  readonly shape: Shape;
  readonly required: boolean;
}

export const string = (min = 0, max?: number, pattern?: string): Shape => ({ type: 'string', min, max, pattern });
export const oneOf = (...values: string[]): Shape => ({ type: 'string', values });
export const integer = (min?: number, max?: number): Shape => ({ type: 'number', min, max, integer: true });
export const number = (min?: number, max?: number): Shape => ({ type: 'number', min, max });
export const boolean: Shape = { type: 'boolean' };
export const list = (of: Shape, min?: number, max?: number): Shape => ({ type: 'list', of, min, max });
export const map = (of: Shape, max?: number): Shape => ({ type: 'map', of, max });

/** A structure; the names of required members end in `!`. */
export function structure(members: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(members).map(([name, shape]): [string, Member] => [
    name.replace(/!$/, ''),
    { shape, required: name.endsWith('!') },
  ]);
  return { type: 'structure', members: Object.fromEntries(entries) };
}

/**
 * Checks a request against its shape.
 *
 * @throws ApiError ValidationException listing every violation, SerializationException for a value of another type.
 */
export function check(input: unknown, shape: Shape): void {
  const violations: string[] = [];
  visit(input, shape, '', violations);
  if (violations.length === 0) return;
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`;
  throw new ApiError('ValidationException', `${count} detected: ${violations.join('; ')}`);
}

function visit(value: unknown, shape: Shape, path: string, violations: string[]): void {
  const fail = (constraint: string): void => {
    violations.push(`Value '${render(value)}' at '${path}' failed to satisfy constraint: ${constraint}`);
  };
  const size = (length: number, min = 0, max = Infinity): void => {
    if (length < min) fail(`Member must have length greater than or equal to ${min}`);
    if (length > max) fail(`Member must have length less than or equal to ${max}`);
  };
  if (!hasType(value, shape)) {
    const received = Array.isArray(value) ? 'list' : typeof value;
    throw new ApiError(
      'SerializationException',
      `${path || 'the request'} must be a ${shape.type}, received a ${received}`,
    );
  }
  switch (shape.type) {
    case 'string': {
      const text = value as string;
      size(text.length, shape.min, shape.max);
      if (shape.values && !shape.values.includes(text))
        fail(`Member must satisfy enum value set: [${shape.values.join(', ')}]`);
      if (shape.pattern && !new RegExp(`^(?:${shape.pattern})$`, 'su').test(text)) {
        fail(`Member must satisfy regular expression pattern: ${shape.pattern}`);
      }
      return;
    }
    case 'number': {
      const amount = value as number;
      if (shape.integer && !Number.isInteger(amount))
        throw new ApiError('SerializationException', `${path} must be an integer, received ${amount}`);
      if (shape.min !== undefined && amount < shape.min)
        fail(`Member must have value greater than or equal to ${shape.min}`);
      if (shape.max !== undefined && amount > shape.max)
        fail(`Member must have value less than or equal to ${shape.max}`);
      return;
    }
    case 'list': {
      const entries = value as unknown[];
      size(entries.length, shape.min, shape.max);
      entries.forEach((entry, index) => visit(entry, shape.of, `${path}.${index + 1}.member`, violations));
      return;
    }
    case 'map': {
      const entries = Object.entries(value as object);
      size(entries.length, 0, shape.max);
      for (const [key, entry] of entries) visit(entry, shape.of, `${path}.${key}.member`, violations);
      return;
    }
    case 'structure':
      return visitMembers(value as Record<string, unknown>, shape.members, path, violations);
    case 'boolean':
      return;
  }
}

function visitMembers(
  value: Record<string, unknown>,
  members: Readonly<Record<string, Member>>,
  path: string,
  violations: string[],
): void {
  for (const [name, member] of Object.entries(members)) {
    const at = (path === '' ? '' : `${path}.`) + name[0].toLowerCase() + name.slice(1);
    const entry = value[name];
    if (entry !== undefined && entry !== null) visit(entry, member.shape, at, violations);
    else if (member.required)
      violations.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
  }
}

function hasType(value: unknown, shape: Shape): boolean {
  if (shape.type === 'list') return Array.isArray(value);
  if (shape.type === 'map' || shape.type === 'structure')
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === shape.type;
}

function render(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
