/** Projections that inference engines run as one matrix, by the name that engines give it. */
const FUSED: ReadonlyMap<string, readonly string[]> = new Map([
  ['qkv_proj', ['q_proj', 'k_proj', 'v_proj']],
  ['gate_up_proj', ['gate_proj', 'up_proj']],
  ['w13', ['w1', 'w3']],
  ['fused_qkv_a_proj', ['q_a_proj', 'kv_a_proj_with_mqa']],
]);

/** Name of the matrix that a module runs in together with others; its own name when it runs alone. */
export function engineNameOf(module: string): string {
  const dot = module.lastIndexOf('.');
  for (const [name, members] of FUSED) {
    if (members.includes(module.slice(dot + 1))) return module.slice(0, dot + 1) + name;
  }
  return module;
}

/** The experts that a module belongs to, or undefined: engines want one scheme for all of a layer's. */
export function expertsOf(module: string): string | undefined {
  return /^(.*\.experts)\.\d+\./.exec(module)?.[1];
}

/** Name of the set whose members an engine wants treated alike. */
export function uniformSetOf(module: string): string {
  return expertsOf(module) ?? engineNameOf(module);
}
