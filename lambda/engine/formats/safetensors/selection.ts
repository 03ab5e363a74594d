import { InvalidRecipeError } from '../../errors';
import { Recipe } from '../../recipe';
import { Checkpoint } from './checkpoint';
import { setting } from './config-file';
import { expertsOf, engineNameOf, uniformSetOf } from './fused-sets';
import { actionOf, keep, Treatment, TreatmentRules } from './treatment';
import { findWeights, TensorWeights, Weight } from './weights';

/** A matrix with its treatment. */
export interface SelectedWeight {
  readonly weight: Weight;
  readonly treatment: Treatment;
}

/** A tensor of the source with its treatment; its weights' are alike. */
export interface SelectedTensor extends TensorWeights {
  readonly treatment: Treatment;
}

/**
 * Decides for every tensor what happens to it.
 *
 * @throws InvalidRecipeError when the recipe would treat weights differently that inference engines run as one matrix,
 * or asks for something that no loader takes.
 */
export function selectTensors(checkpoint: Checkpoint, recipe: Recipe): SelectedTensor[] {
  const rules = new TreatmentRules(recipe);
  const tensors = findWeights(checkpoint);
  const selected = tensors.flatMap(({ tensor, weights }) =>
    weights.map((weight): SelectedWeight => ({ weight, treatment: rules.ofWeight(weight, tensor.name) })),
  );
  const treatments = uniform(selected);
  checkLoaders(selected, treatments, setting(checkpoint.config, 'tie_word_embeddings') === true);
  return tensors.map((entry) => ({
    ...entry,
    treatment:
      entry.weights.length === 0
        ? rules.ofTensor(entry.tensor.name, entry.tensor.dtype, entry.reason)
        : treatments.get(entry.weights[0].module)!,
  }));
}

function uniform(selected: readonly SelectedWeight[]): Map<string, Treatment> {
  const sets = new Map<string, SelectedWeight[]>();
  for (const entry of selected) {
    const name = uniformSetOf(entry.weight.module);
    const members = sets.get(name);
    if (members === undefined) sets.set(name, [entry]);
    else members.push(entry);
  }
  const treatments = new Map<string, Treatment>();
  for (const members of sets.values()) {
    const kept = members.find(({ treatment }) => actionOf(treatment) === 'keep');
    const worked = members.filter(({ treatment }) => actionOf(treatment) !== 'keep');
    const other = worked.find(({ treatment }) => signature(treatment) !== signature(worked[0].treatment));
    const meant = members.find(({ treatment }) => actionOf(treatment) === 'keep' && !treatment.automatic);
    if (other !== undefined || (meant !== undefined && worked.length > 0)) {
      throw new InvalidRecipeError(
        `the recipe treats ${describe(worked[0])} and ${describe((other ?? meant)!)} differently, but inference engines run them ` +
          `as one; change ignore or overrides so that they match all of ${names(members)} or none`,
      );
    }
    for (const { weight, treatment } of members) {
      const extended = kept !== undefined && actionOf(treatment) !== 'keep';
      treatments.set(
        weight.module,
        extended ? keep(`it runs as one with ${kept.weight.module}: ${kept.treatment.reason}`, true) : treatment,
      );
    }
  }
  return treatments;
}

function checkLoaders(
  selected: readonly SelectedWeight[],
  treatments: ReadonlyMap<string, Treatment>,
  tied: boolean,
): void {
  for (const { weight } of selected) {
    const { scheme } = treatments.get(weight.module)!;
    if (scheme === undefined) continue;
    if (!scheme.symmetric && expertsOf(weight.module) !== undefined) {
      throw new InvalidRecipeError(
        `${scheme.method} does not suit the experts of ${weight.module}: vLLM takes symmetric weights only there; choose w4a16, or override re:.*experts.*`,
      );
    }
    if (tied && /(^|\.)(lm_head|embed_tokens)$/.test(weight.module)) {
      throw new InvalidRecipeError(
        `an override compresses ${weight.module}, but the model ties its embeddings (tie_word_embeddings), so that the same weights serve twice; leave it out`,
      );
    }
  }
}

/** Weights that share a number, by the name of their set, for schemes that have such. */
export function scaleSets(tensors: readonly SelectedTensor[]): Map<string, Weight[]> {
  const sets = new Map<string, Weight[]>();
  for (const { treatment, weights } of tensors) {
    if (treatment.scheme?.sharesScale !== true) continue;
    for (const weight of weights) {
      const name = engineNameOf(weight.module);
      sets.set(name, [...(sets.get(name) ?? []), weight]);
    }
  }
  return sets;
}

function signature(treatment: Treatment): string {
  return `${actionOf(treatment)} ${treatment.scheme?.groupSize ?? ''}${treatment.prune ? ' pruned' : ''}`;
}

function describe({ weight, treatment }: SelectedWeight): string {
  return `${weight.module} (${treatment.reason ?? actionOf(treatment)})`;
}

function names(members: readonly SelectedWeight[]): string {
  const shown = members.slice(0, 4).map(({ weight }) => weight.module);
  return shown.join(', ') + (members.length > shown.length ? ` and ${members.length - shown.length} more` : '');
}
