import { indent } from '../log-tail';
import { ExecutionFailedError } from './execution-failure';

/** An error's account for the person at the terminal: what failed, with what, and why. */
export function explain(error: unknown): string {
  if (error instanceof ExecutionFailedError) {
    const { state, error: name, cause } = error.failure;
    return `✗ ${state} failed: ${name}\n${indent(cause, 40)}`;
  }
  if (error instanceof Error) return `✗ ${error.message}`;
  return `✗ ${String(error)}`;
}
