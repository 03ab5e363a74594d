/** Decides whether a module is meant by a name or by `re:` and a regular expression that matches from the start. */
export type Matcher = (module: string, tensor: string) => boolean;

/** Makes a matcher: a name means the module or the tensor of that very name; a regular expression sees the module's. */
export function matcher(pattern: string): Matcher {
  if (!pattern.startsWith('re:')) return (module, tensor) => module === pattern || tensor === pattern;
  const expression = new RegExp(`^(?:${pattern.slice(3)})`);
  return (module) => expression.test(module);
}

/** What loaders cannot or should not take compressed. */
export const DEFAULT_IGNORE: readonly string[] = [
  'lm_head',
  're:.*embed_tokens.*',
  // Embeddings under the names that other families give them: schemes target linear modules, so that a loader would
  // take a compressed embedding for what it is not.
  're:(.*\\.)?(word|position|token_type|tok|token|entity)_embeddings?$',
  're:(.*\\.)?(wte|wpe|embed_in|embed_out|embed_positions|relative_attention_bias)$',
  're:shared$',
  're:.*(mlp|block_sparse_moe)\\.gate$',
  're:.*shared_expert_gate.*',
  're:.*norm.*',
  're:.*(visual|vision).*',
  're:.*conv1d.*',
];
