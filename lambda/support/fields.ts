import { ModelError } from '../engine/errors';

/** The event lacks something or holds the wrong kind of thing; the state machine that sent it is at fault. */
export class InvalidEventError extends ModelError {
  override readonly name = 'InvalidEvent';
}

/** A required text field of an event. */
export function text(event: Readonly<Record<string, unknown>>, field: string): string {
  const value = event[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidEventError(`event needs the text field "${field}", received: ${JSON.stringify(value)}`);
}

/** A required whole number, zero or more. */
export function index(event: Readonly<Record<string, unknown>>, field: string): number {
  const value = event[field];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidEventError(`event needs the whole number "${field}", received: ${JSON.stringify(value)}`);
}

/** An object field; empty when it is absent. */
export function fields(event: Readonly<Record<string, unknown>>, field: string): Readonly<Record<string, unknown>> {
  const value = event[field];
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidEventError(`event field "${field}" must be an object, received: ${JSON.stringify(value)}`);
}
