/**
 * Finds the first string under a key anywhere in a state machine's output: where a definition puts a result is its own
 * affair.
 */
export function findString(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const direct = (value as Record<string, unknown>)[key];
  if (typeof direct === 'string') return direct;
  for (const entry of Object.values(value)) {
    const found = findString(entry, key);
    if (found !== undefined) return found;
  }
  return undefined;
}
