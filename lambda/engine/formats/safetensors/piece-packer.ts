import { PieceLayout } from '../../plan';
import { LayoutLimits } from '../model-format';
import { CostedStep } from './output-unit';

/**
 * Packs a file's steps into pieces. Groups stay together where they fit, because their steps share a first pass over
 * the same tensors. A piece closes once another group would make it cost more than the target, but never before it is
 * as long as the store's smallest part.
 */
export function packPieces(groups: readonly (readonly CostedStep[])[], limits: LayoutLimits): PieceLayout[] {
  const pieces: PieceLayout[] = [];
  let steps: CostedStep['step'][] = [];
  let cost = 0;
  let length = 0;
  let offset = 0;
  const close = () => {
    if (length === 0) return;
    pieces.push({ offset, length, cost, steps });
    offset += length;
    [steps, cost, length] = [[], 0, 0];
  };
  const place = (entries: readonly CostedStep[], added: number) => {
    if (cost + added > limits.targetPieceBytes && length >= limits.minPieceBytes) close();
    for (const entry of entries) {
      if (entry.step.length === 0) continue;
      steps.push(entry.step);
      cost += entry.cost;
      length += entry.step.length;
    }
  };
  for (const group of groups) {
    const whole = group.reduce((sum, entry) => sum + entry.cost, 0);
    if (whole <= limits.targetPieceBytes) place(group, whole);
    else for (const entry of group) place([entry], entry.cost);
  }
  close();
  return pieces;
}
