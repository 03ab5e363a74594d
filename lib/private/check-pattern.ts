/** Refuses a pattern of tensors or modules that could match nothing or not be compiled. */
export function checkPattern(pattern: string): void {
  if (pattern.length === 0)
    throw new Error('A pattern must not be empty; give a name, or re: and a regular expression');
  if (!pattern.startsWith('re:')) return;
  try {
    new RegExp(pattern.slice(3));
  } catch {
    throw new Error(`The pattern is not a regular expression: ${pattern}`);
  }
}
