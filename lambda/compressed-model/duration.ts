import { DEFAULT_ITEM_BYTES } from '../engine/planner';
import { BYTES_PER_SECOND } from '../support/throughput';
import { Deployment } from './deployment';

/** CloudFormation gives a custom resource an hour; what is left is for planning, finalizing and polling. */
export const LONGEST_SECONDS = 50 * 60;

/** The memory that the throughput was measured with, in MB; more of it does not help, less of it does harm. */
const MEASURED_MEMORY = 3008;

/** How long compressing will take, roughly: the functions read all bytes, so many at once. */
export function estimateSeconds(bytes: number, { maxConcurrency, memorySize }: Deployment): number {
  const workers = Math.min(maxConcurrency, Math.ceil(bytes / DEFAULT_ITEM_BYTES));
  const rate = BYTES_PER_SECOND * Math.min(1, memorySize / MEASURED_MEMORY);
  return workers === 0 ? 0 : bytes / (workers * rate);
}

/** A deployment cannot wait for this. */
export class TooLongError extends Error {
  override readonly name = 'TooLong';

  constructor(what: string, bytes: number, { maxConcurrency, memorySize }: Deployment) {
    super(
      `${what}, but a deployment waits for at most ${LONGEST_SECONDS / 60} minutes. The model has ${(bytes / 1e9).toFixed(1)} GB; the ` +
        `functions have ${memorySize} MB each, ${maxConcurrency} at once. Give maxConcurrency or memorySize more, or compress before ` +
        'the deployment with a ModelCompressor and refer to the artifact with CompressedModel.fromCompressedModelAttributes().',
    );
  }
}
