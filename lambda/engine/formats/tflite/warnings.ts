import { Recipe } from '../../recipe';
import { Decided } from './decided';

/** Advice on what a recipe does, or does not do, to this model. */
export function warningsFor(decisions: readonly Decided[], recipe: Recipe): string[] {
  const warnings: string[] = [];
  const changed = decisions.filter(({ treatment }) => treatment.action !== 'keep');
  if (changed.length === 0) {
    warnings.push('The recipe changes no weight of this model; see the reasons at its tensors.');
  }
  const skipped = decisions.filter(({ treatment }) => treatment.pruneSkipped);
  if (skipped.length > 0) {
    const names = skipped.slice(0, 5).map(({ constant }) => constant.tensors[0].name);
    warnings.push(
      `Not pruned to 2:4, because their last dimension does not divide by 4: ${names.join(', ')}` +
        `${skipped.length > 5 ? ` and ${skipped.length - 5} more` : ''}.`,
    );
  }
  if (recipe.prune === '2:4') {
    warnings.push(
      '2:4 pruning costs accuracy that only training again brings back, and TFLite runtimes do not run it faster.',
    );
  }
  return warnings;
}
