/** Decides whether a module is meant by a name or by `re:` and a regular expression that matches from the start. */
export type Matcher = (module: string, tensor: string) => boolean;

/** Makes a matcher: a name means the module or the tensor of that very name; a regular expression sees the module's. */
export function matcher(pattern: string): Matcher {
  if (!pattern.startsWith('re:')) return (module, tensor) => module === pattern || tensor === pattern;
  const expression = new RegExp(`^(?:${pattern.slice(3)})`);
  return (module) => expression.test(module);
}
