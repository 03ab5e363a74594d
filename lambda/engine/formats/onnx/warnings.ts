import { Recipe } from '../../recipe';
import { Message, messagesOf } from './message';
import { MODEL } from './schema';
import { Decided } from './weight-data';

/** Advice on what a recipe does, or does not do, to this model. */
export function warningsFor(decisions: readonly Decided[], recipe: Recipe, model: Message): string[] {
  const warnings: string[] = [];
  if (decisions.every(({ treatment }) => treatment.action === 'keep')) {
    warnings.push('The recipe changes no weight of this model; see the reasons at its tensors.');
  }
  const functions = messagesOf(model, MODEL.functions).length;
  if (functions > 0) {
    warnings.push(`The model has ${functions} functions of its own; what lies in them stays as it is.`);
  }
  const skipped = decisions.filter(({ treatment }) => treatment.pruneSkipped).map(({ constant }) => constant.name);
  if (skipped.length > 0) {
    const more = skipped.length > 5 ? ` and ${skipped.length - 5} more` : '';
    warnings.push(
      `Not pruned to 2:4, because their summed dimension does not divide by 4: ${skipped.slice(0, 5).join(', ')}${more}.`,
    );
  }
  if (recipe.prune === '2:4') {
    warnings.push(
      '2:4 pruning costs accuracy that only training again brings back; of the runtimes for ONNX, TensorRT alone runs it faster.',
    );
  }
  return warnings;
}
