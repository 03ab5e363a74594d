import { ExecutionFailedError } from '../../executions/execution-failure';

const CAUSE_LINES = 8;

/** An error's account for the person at the terminal: what failed, with what, and why. */
export function explain(error: unknown): string {
  if (error instanceof ExecutionFailedError) {
    const { state, error: name, cause } = error.failure;
    return `✗ ${state} failed: ${name}\n${firstLines(cause)}`;
  }
  if (error instanceof Error) return `✗ ${error.message}`;
  return `✗ ${String(error)}`;
}

/** The log that follows tells the rest. */
function firstLines(cause: string): string {
  const lines = cause.trim().split('\n');
  const shown = lines.slice(0, CAUSE_LINES).map((line) => `  ${line}`);
  return [...shown, ...(lines.length > CAUSE_LINES ? ['  …'] : [])].join('\n');
}
