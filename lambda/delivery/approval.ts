import { DescribeModelPackageCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { isGone } from '../registry/find-packages';
import { Progress } from './progress';

/** An approval, and the version of the package that was approved. */
export interface Approved {
  readonly state: 'Approved';
  readonly version: number;
}

/**
 * Tells what was decided about a model package.
 *
 * @param timeout How long it may wait for its approval, in seconds.
 * @param asked When a build asked for it; it may have been registered by an earlier one.
 */
export async function describeApproval(
  client: SageMakerClient,
  ModelPackageName: string,
  timeout: number,
  asked: Date,
): Promise<Approved | Progress> {
  const found = await client.send(new DescribeModelPackageCommand({ ModelPackageName })).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
  if (found === undefined) {
    const reason = `${ModelPackageName} was deleted, so nobody can approve it any more. Build again, and run the stage again then.`;
    return { state: 'Failed', error: 'NotApproved', reason };
  }
  const { ModelApprovalStatus: status, ApprovalDescription: why, ModelPackageVersion } = found;
  if (status === 'Approved') return { state: 'Approved', version: ModelPackageVersion! };
  if (status === 'Rejected') {
    const reason = `${ModelPackageName} was rejected${why === undefined ? '' : `: ${why}`}`;
    return { state: 'Failed', error: 'Rejected', reason };
  }
  if (Date.now() - asked.getTime() < timeout * 1000) return { state: 'WaitingForApproval' };
  const reason = `${ModelPackageName} was not approved within ${timeout} seconds. Approving it still releases it; run the stage again then.`;
  return { state: 'Failed', error: 'NotApproved', reason };
}
