import { Constant, valueCount } from './constants';
import { Treatment } from './treatment';
import { scaleCount } from './weight-rules';

/** A constant and what happens to it. */
export interface Decided {
  readonly constant: Constant;
  readonly treatment: Treatment;
}

/** Dimensions of a constant's tensors. */
export function shapeOf({ constant }: Decided): readonly number[] {
  return constant.tensors[0].shape;
}

/** Bytes of a constant's data in the artifact. */
export function dataBytes(decided: Decided): number {
  const { action } = decided.treatment;
  if (action === 'int8') return valueCount(shapeOf(decided));
  if (action === 'fp16') return valueCount(shapeOf(decided)) * 2;
  return decided.constant.region.length;
}

/** Bytes of a constant in the artifact, with its scales (4 bytes each) and zero points (8). */
export function artifactBytes(decided: Decided): number {
  const { action, scales } = decided.treatment;
  return dataBytes(decided) + (action === 'int8' ? scaleCount(scales!, shapeOf(decided)) * 12 : 0);
}
