/** Takes the message out of a cause that is JSON: a function's error, a job's description, or another state's error. */
export function readableCause(cause: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(cause);
  } catch {
    return cause;
  }
  if (typeof parsed !== 'object' || parsed === null) return cause;
  const { errorMessage, FailureReason, Cause } = parsed as Record<string, unknown>;
  if (typeof errorMessage === 'string') return errorMessage;
  if (typeof FailureReason === 'string') return FailureReason;
  if (typeof Cause === 'string') return readableCause(Cause);
  return cause;
}
