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
  const values = valueCount(shapeOf(decided));
  if (action === 'int8') return values;
  if (action === 'int4') return Math.ceil(values / 2);
  return action === 'fp16' ? values * 2 : decided.constant.region.length;
}

/** Bytes of a constant in the artifact, with its scales (4 bytes each) and zero points (8). */
export function artifactBytes(decided: Decided): number {
  const { integers } = decided.treatment;
  if (integers === undefined) return dataBytes(decided);
  const each = (integers.onTensor ? 12 : 0) + (integers.onRows ? 4 : 0);
  return dataBytes(decided) + scaleCount(integers.scales, shapeOf(decided)) * each;
}
