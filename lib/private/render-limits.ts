import { CompressionLimits } from '../compression-limits';
import { checkPattern } from './check-pattern';
import { ensure, requireNumber } from './validate';

/** What can never be right: noise as strong as the weights. */
const HIGHEST_ERROR = 1;

/** Checks limits and renders them as the gate's function takes them. */
export function renderLimits(limits: CompressionLimits = {}): Record<string, unknown> {
  const { minSparsity, maxSparsity, maxTensorRelativeError, minTensorSqnrDb, ignoredTensors, maxSize } = limits;
  requireNumber(limits.maxRelativeError, 'maxRelativeError', 0, HIGHEST_ERROR);
  requireNumber(maxTensorRelativeError, 'maxTensorRelativeError', 0, HIGHEST_ERROR);
  requireNumber(limits.minSqnrDb, 'minSqnrDb', 0, 300);
  requireNumber(minTensorSqnrDb, 'minTensorSqnrDb', 0, 300);
  requireNumber(minSparsity, 'minSparsity', 0, 1);
  requireNumber(maxSparsity, 'maxSparsity', 0, 1);
  requireNumber(limits.minCompressionRatio, 'minCompressionRatio', 0, 1000);
  ensure(
    (minSparsity ?? 0) <= (maxSparsity ?? 1),
    `minSparsity must not exceed maxSparsity, received: ${minSparsity} and ${maxSparsity}`,
  );
  ensure(
    ignoredTensors === undefined || maxTensorRelativeError !== undefined || minTensorSqnrDb !== undefined,
    'ignoredTensors needs maxTensorRelativeError or minTensorSqnrDb, the limits that it makes exceptions from',
  );
  (ignoredTensors ?? []).forEach(checkPattern);
  const { maxSize: _size, ...rest } = limits;
  return {
    ...rest,
    maxRelativeError: limits.maxRelativeError ?? HIGHEST_ERROR,
    ...(maxSize === undefined ? {} : { maxBytes: maxSize.toBytes() }),
  };
}
