/** A request as Describe operations echo it: tags have an operation of their own. */
export function withoutTags<T extends { Tags?: unknown }>(request: T): Omit<T, 'Tags'> {
  return { ...request, Tags: undefined };
}
