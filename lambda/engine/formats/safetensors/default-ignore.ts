/** What loaders cannot or should not take compressed. */
export const DEFAULT_IGNORE: readonly string[] = [
  'lm_head',
  're:.*embed_tokens.*',
  // Embeddings under the names that other families give them: schemes target linear modules, so that a loader would
  // take a compressed embedding for what it is not.
  're:(.*\\.)?(word|position|token_type|tok|token|entity)_embeddings?$',
  're:(.*\\.)?(wte|wpe|embed_in|embed_out|embed_positions|relative_attention_bias)$',
  're:shared$',
  // Routers of experts: engines run them in full precision, whatever a checkpoint holds.
  're:.*(mlp|block_sparse_moe|feed_forward|mixer|moe)\\.gate$',
  're:.*router.*',
  're:.*shared_expert_gate.*',
  're:.*norm.*',
  're:.*(visual|vision).*',
  're:.*conv1d.*',
];
