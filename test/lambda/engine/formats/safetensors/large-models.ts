import { FixtureTensor, HeaderOnlySource } from './fixtures';

/** Tensors of a Llama of 70 billion parameters. */
export function llama70b(): FixtureTensor[] {
  const tensor = (name: string, ...shape: number[]): FixtureTensor => ({ name, dtype: 'BF16', shape });
  const layers = Array.from({ length: 80 }, (_, i) => `model.layers.${i}`).flatMap((layer) => [
    tensor(`${layer}.input_layernorm.weight`, 8192),
    tensor(`${layer}.mlp.down_proj.weight`, 8192, 28672),
    tensor(`${layer}.mlp.gate_proj.weight`, 28672, 8192),
    tensor(`${layer}.mlp.up_proj.weight`, 28672, 8192),
    tensor(`${layer}.post_attention_layernorm.weight`, 8192),
    tensor(`${layer}.self_attn.k_proj.weight`, 1024, 8192),
    tensor(`${layer}.self_attn.o_proj.weight`, 8192, 8192),
    tensor(`${layer}.self_attn.q_proj.weight`, 8192, 8192),
    tensor(`${layer}.self_attn.v_proj.weight`, 1024, 8192),
  ]);
  return [
    tensor('model.embed_tokens.weight', 128256, 8192),
    ...layers,
    tensor('model.norm.weight', 8192),
    tensor('lm_head.weight', 128256, 8192),
  ];
}

/** Tensors of a mixture of experts of a trillion parameters: 61 layers of 384 experts. */
export function mixture1t(): FixtureTensor[] {
  const tensor = (name: string, ...shape: number[]): FixtureTensor => ({ name, dtype: 'BF16', shape });
  const layers = Array.from({ length: 61 }, (_, i) => `model.layers.${i}`).flatMap((layer) => [
    tensor(`${layer}.self_attn.q_a_proj.weight`, 1536, 7168),
    tensor(`${layer}.self_attn.kv_a_proj_with_mqa.weight`, 576, 7168),
    tensor(`${layer}.self_attn.o_proj.weight`, 7168, 8192),
    tensor(`${layer}.mlp.gate.weight`, 384, 7168),
    ...Array.from({ length: 384 }, (_, e) => `${layer}.mlp.experts.${e}`).flatMap((expert) => [
      tensor(`${expert}.gate_proj.weight`, 2048, 7168),
      tensor(`${expert}.up_proj.weight`, 2048, 7168),
      tensor(`${expert}.down_proj.weight`, 7168, 2048),
    ]),
  ]);
  return [tensor('model.embed_tokens.weight', 163840, 7168), ...layers, tensor('lm_head.weight', 163840, 7168)];
}

/** The tensors over shards, with index and settings; no weight exists. */
export function shardedModel(
  tensors: readonly FixtureTensor[],
  shards: number,
  config: object,
): Record<string, Uint8Array | HeaderOnlySource> {
  const files: Record<string, Uint8Array | HeaderOnlySource> = {
    'config.json': Buffer.from(JSON.stringify(config, null, 2)),
  };
  const weightMap: Record<string, string> = {};
  for (let i = 0; i < shards; i++) {
    const key = `model-${String(i + 1).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}.safetensors`;
    const part = tensors.slice(
      Math.floor((i * tensors.length) / shards),
      Math.floor(((i + 1) * tensors.length) / shards),
    );
    files[key] = new HeaderOnlySource(key, part);
    for (const { name } of part) weightMap[name] = key;
  }
  files['model.safetensors.index.json'] = Buffer.from(
    JSON.stringify({ metadata: { total_size: 0 }, weight_map: weightMap }),
  );
  return files;
}
