/** A bf16 tensor of a checkpoint that is made up. */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Extents of a Llama. */
export interface LlamaShape {
  readonly hidden: number;
  readonly intermediate: number;
  /** Output features of the key and value projections. */
  readonly keyValue: number;
  readonly vocabulary: number;
  readonly layers: number;
}

export function tensorBytes({ shape }: TensorShape): number {
  return 2 * shape.reduce((product, extent) => product * extent, 1);
}

/** The tensors of a Llama, in the order in which they run. */
export function llamaTensors(llama: LlamaShape): TensorShape[] {
  const { hidden, intermediate, keyValue, vocabulary, layers } = llama;
  const tensor = (name: string, ...shape: number[]): TensorShape => ({ name: `${name}.weight`, shape });
  const layer = (at: string): TensorShape[] => [
    tensor(`${at}.input_layernorm`, hidden),
    tensor(`${at}.self_attn.q_proj`, hidden, hidden),
    tensor(`${at}.self_attn.k_proj`, keyValue, hidden),
    tensor(`${at}.self_attn.v_proj`, keyValue, hidden),
    tensor(`${at}.self_attn.o_proj`, hidden, hidden),
    tensor(`${at}.post_attention_layernorm`, hidden),
    tensor(`${at}.mlp.gate_proj`, intermediate, hidden),
    tensor(`${at}.mlp.up_proj`, intermediate, hidden),
    tensor(`${at}.mlp.down_proj`, hidden, intermediate),
  ];
  return [
    tensor('model.embed_tokens', vocabulary, hidden),
    ...Array.from({ length: layers }, (_, i) => layer(`model.layers.${i}`)).flat(),
    tensor('model.norm', hidden),
    tensor('lm_head', vocabulary, hidden),
  ];
}

/** The tensors of a mixture of experts of a trillion parameters: 61 layers of 384 experts. */
export function trillionTensors(): TensorShape[] {
  const tensor = (name: string, ...shape: number[]): TensorShape => ({ name: `${name}.weight`, shape });
  const expert = (at: string): TensorShape[] => [
    tensor(`${at}.gate_proj`, 2048, 7168),
    tensor(`${at}.up_proj`, 2048, 7168),
    tensor(`${at}.down_proj`, 7168, 2048),
  ];
  const layer = (at: string): TensorShape[] => [
    tensor(`${at}.self_attn.q_a_proj`, 1536, 7168),
    tensor(`${at}.self_attn.kv_a_proj_with_mqa`, 576, 7168),
    tensor(`${at}.self_attn.o_proj`, 7168, 8192),
    tensor(`${at}.mlp.gate`, 384, 7168),
    ...Array.from({ length: 384 }, (_, i) => expert(`${at}.mlp.experts.${i}`)).flat(),
  ];
  return [
    tensor('model.embed_tokens', 163840, 7168),
    ...Array.from({ length: 61 }, (_, i) => layer(`model.layers.${i}`)).flat(),
    tensor('lm_head', 163840, 7168),
  ];
}
