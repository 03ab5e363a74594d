import { Recipe } from '../../recipe';
import { Checkpoint } from './checkpoint';
import { setting } from './config-file';
import { WITH_BIASES } from './fused-experts';
import { engineNameOf } from './fused-sets';
import { BLOCK } from './schemes/schemes';
import { SelectedTensor } from './selection';
import { actionOf } from './treatment';
import { Weight } from './weights';

/** Group sizes that the kernels of today's inference engines take. */
const SERVED_GROUPS = [32, 64, 128];

/** Advice for the person who started the build, one sentence each. */
export function warningsFor(
  checkpoint: Checkpoint,
  recipe: Recipe,
  tensors: readonly SelectedTensor[],
  refused: readonly string[],
): string[] {
  const warnings: string[] = [];
  if (recipe.prune !== undefined && isLanguageModel(checkpoint)) {
    warnings.push(
      `PRUNING A LANGUAGE MODEL BY MAGNITUDE (${recipe.prune}) USUALLY RUINS IT: at 50 % Llama-2-7B falls from perplexity 5.1 to 14.9, ` +
        'with 2:4 to 54.6; evaluate the artifact before you release it, or leave prune out.',
    );
  }
  if (recipe.prune !== undefined) warnings.push('Pruned weights are written dense: zeros save no bytes by themselves.');
  if (checkpoint.config === undefined) {
    warnings.push(
      'There is no config.json: loaders need one, and the settings of the quantization lie in quantization_config.json instead.',
    );
  }
  if (checkpoint.config?.members.has('auto_map')) {
    warnings.push(
      'config.json names code of its own (auto_map), which is not copied: the artifact loads only where that model is built in.',
    );
  }
  if (checkpoint.strays.length > 0) {
    warnings.push(`${list(checkpoint.strays)} belong to no part of the checkpoint and are not copied.`);
  }
  if (refused.length > 0) {
    warnings.push(`${list(refused)} may hold code or pickles, or are of no known use for serving, and are not copied.`);
  }
  const sizes = new Set(
    tensors.flatMap(({ treatment: { scheme } }) => (scheme?.format === 'pack-quantized' ? [scheme.groupSize!] : [])),
  );
  for (const size of sizes) {
    if (!SERVED_GROUPS.includes(size))
      warnings.push(`Groups of ${size} are not among those that vLLM's kernels take (${SERVED_GROUPS.join(', ')}).`);
  }
  const unblocked = tensors.flatMap(({ treatment, weights }) =>
    treatment.scheme?.method === 'fp8-block' ? weights.filter(runsInBrokenBlocks) : [],
  );
  if (unblocked.length > 0) {
    warnings.push(
      `vLLM refuses ${unblocked.length} weights such as ${unblocked[0].module}: what it runs as one must have a multiple of ${BLOCK} ` +
        'rows each for fp8-block; choose fp8.',
    );
  }
  const undivided = tensors.filter(
    ({ treatment }) => treatment.automatic && treatment.reason?.includes('do not divide'),
  );
  if (undivided.length > 0) {
    warnings.push(
      `${undivided.length} weights stay as they are because their rows do not divide, such as ${undivided[0].tensor.name}.`,
    );
  }
  const biased = tensors.filter(({ reason }) => reason === WITH_BIASES);
  if (biased.length > 0) {
    warnings.push(
      `THE EXPERTS STAY AS THEY ARE: ${biased.length} tensors such as ${biased[0].tensor.name} have biases, with which no loader takes ` +
        'compressed experts; serve such a model (gpt-oss) in the format that its makers publish.',
    );
  }
  if (tensors.every(({ treatment }) => actionOf(treatment) === 'keep')) {
    warnings.push('The recipe changes no tensor of this model: the artifact is a copy.');
  }
  return warnings;
}

/** Whether a block of the matrix that engines make of this weight and others would lie in two of them. */
function runsInBrokenBlocks({ module, rows }: Weight): boolean {
  return engineNameOf(module) !== module && rows % BLOCK !== 0;
}

function isLanguageModel(checkpoint: Checkpoint): boolean {
  const architectures = checkpoint.config?.members.get('architectures');
  const named =
    Array.isArray(architectures) &&
    architectures.some(
      (name) => typeof name === 'string' && /(?:CausalLM|ConditionalGeneration|LMHeadModel)$/.test(name),
    );
  return (
    named ||
    (setting(checkpoint.config, 'vocab_size') !== undefined &&
      checkpoint.shards.some(({ header }) =>
        header.tensors.some(({ name }) => /(^|\.)(lm_head|embed_tokens)\./.test(name)),
      ))
  );
}

function list(keys: readonly string[]): string {
  return keys.slice(0, 3).join(', ') + (keys.length > 3 ? ` and ${keys.length - 3} more files` : '');
}
