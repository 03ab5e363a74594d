import { planCheckpoint } from '../../../../../lambda/engine/formats/safetensors/plan-checkpoint';
import { QuantizeStep } from '../../../../../lambda/engine/formats/safetensors/safetensors-steps';
import { Layout } from '../../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { LiteralStep } from '../../../../../lambda/engine/steps';
import { FixtureTensor, LIMITS, safetensorsFile, sourceFiles } from './fixtures';

export const CONFIG = { architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: 128 };
export const weight = (name: string, ...shape: number[]): FixtureTensor => ({
  name: `${name}.weight`,
  dtype: 'BF16',
  shape,
});
export const layer = (i: number) => [
  ...['q', 'k', 'v', 'o'].map((name) => weight(`model.layers.${i}.self_attn.${name}_proj`, 128, 128)),
  ...['gate', 'up'].map((name) => weight(`model.layers.${i}.mlp.${name}_proj`, 256, 128)),
  weight(`model.layers.${i}.mlp.down_proj`, 128, 256),
  weight(`model.layers.${i}.input_layernorm`, 128),
];
export const MODEL = [
  weight('model.embed_tokens', 64, 128),
  ...layer(0),
  weight('model.norm', 128),
  weight('lm_head', 64, 128),
];

export function plan(
  recipe: object,
  tensors = MODEL,
  more: Record<string, Uint8Array> = {},
  config: object = CONFIG,
): Promise<Layout> {
  const files = {
    'config.json': Buffer.from(JSON.stringify(config)),
    'model.safetensors': safetensorsFile(tensors),
    ...more,
  };
  return planCheckpoint(sourceFiles(files), parseRecipe(recipe), LIMITS);
}

export function literalOf(layout: Layout, key: string): Buffer {
  const step = layout.outputs.find((output) => output.key === key)!.pieces[0].steps[0] as LiteralStep;
  return Buffer.from(step.data, 'base64');
}

interface QuantizationConfig {
  readonly format: string;
  readonly ignore: readonly string[];
  readonly config_groups: Readonly<Record<string, { readonly targets: readonly string[] }>>;
}

export const json = <T>(layout: Layout, key: string) => JSON.parse(literalOf(layout, key).toString()) as T;
export const quantization = (layout: Layout) =>
  json<{ quantization_config: QuantizationConfig }>(layout, 'config.json').quantization_config;
export const header = (layout: Layout, key = 'model.safetensors') =>
  JSON.parse(literalOf(layout, key).subarray(8).toString()) as Record<string, { dtype: string; shape: number[] }>;
export const quantizeSteps = (layout: Layout) =>
  layout.outputs
    .flatMap(({ pieces }) => pieces.flatMap(({ steps }) => steps))
    .filter(({ kind }) => kind === 'safetensors.quantize') as QuantizeStep[];
export const actions = (layout: Layout) => Object.fromEntries(layout.tensors.map(({ name, action }) => [name, action]));

/** Every rule that holds for any layout, whatever the recipe. */
export function checkLayout(layout: Layout): void {
  for (const { size, pieces } of layout.outputs) {
    let at = 0;
    pieces.forEach((piece, i) => {
      expect(piece.offset).toBe(at);
      expect(piece.length).toBe(piece.steps.reduce((sum, { length }) => sum + length, 0));
      if (i < pieces.length - 1) expect(piece.length).toBeGreaterThanOrEqual(LIMITS.minPieceBytes);
      at += piece.length;
    });
    expect(at).toBe(size);
  }
}
