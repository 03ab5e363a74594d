import { check, Shape } from './shapes';

/** Carries out one API operation on a request that came from outside. */
export type Operation = (input: unknown) => unknown;

/** An operation that sees only requests that fit their shape. */
export function operation<T>(shape: Shape, carryOut: (request: T) => unknown): Operation {
  return (input) => {
    check(input, shape);
    return carryOut(input as T);
  };
}
