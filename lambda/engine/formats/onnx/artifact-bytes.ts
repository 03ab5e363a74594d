import { weightBytes } from '../../weights/weight-type';
import { blockCount } from './block-targets';
import { bytesOfOutput } from './block-executor';
import { BlockStep } from './onnx-steps';
import { hasShortRows, isTable } from './table-data';
import { channelsOf } from './treatment';
import { blockWeights, channelWeights, Decided, flatBytes, weightType } from './weight-data';

/** Bytes of a constant in the artifact, with its scales. */
export function artifactBytes(decided: Decided, exact: boolean): number {
  const { constant, treatment } = decided;
  const { count, bytes, shape } = constant.tensor;
  if (treatment.action === 'fp16') return count * 2;
  if (treatment.blocks !== undefined) {
    const { asymmetric, dequantized } = treatment.blocks;
    const weights = blockWeights(decided);
    const each = (emit: BlockStep['emit']) => bytesOfOutput({ weights, emit });
    if (dequantized) {
      const points = asymmetric ? flatBytes(blockCount(weights) * weights.outputs) : 0;
      return flatBytes(count) + weights.outputs * each('scales') + points;
    }
    return weights.outputs * (each('data') + each('scales') + (asymmetric ? each('points') : 0));
  }
  if (treatment.action !== 'int8' && treatment.action !== 'int8-dynamic') return bytes;
  const width = weightBytes(weightType(decided));
  const { channels } = channelsOf(shape, treatment.role!);
  if (treatment.action === 'int8') return count + channels * width;
  if (isTable(treatment))
    return count + (exact || hasShortRows(channelWeights(decided, true)) ? 1 : channels) * (width + 1);
  return count + (exact ? 1 : channels) * width;
}
