import { SageMakerClient, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { isGone, pendingPackageOf } from './find-packages';

/** SageMaker's longest ApprovalDescription, in characters. */
const MAX_DESCRIPTION = 1024;

/**
 * Refuses the version of an artifact that waits for approval, with the reason. One that a person has decided on keeps
 * that decision: SageMaker has no conditional update, so the version is looked at right before it is changed.
 *
 * @param artifact Address, ending in `/`.
 */
export async function refusePackage(
  client: SageMakerClient,
  group: string,
  artifact: string,
  reason: string,
): Promise<void> {
  const pending = await pendingPackageOf(client, group, artifact);
  if (pending === undefined) return;
  try {
    await client.send(
      new UpdateModelPackageCommand({
        ModelPackageArn: pending.arn,
        ModelApprovalStatus: 'Rejected',
        ApprovalDescription: describable(reason),
      }),
    );
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** SageMaker takes one line without control characters, which names of tensors may hold. */
function describable(reason: string): string {
  const line = [...reason.replaceAll('\n', ' ').replace(/[^\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]/gu, '_')];
  return line.length <= MAX_DESCRIPTION ? line.join('') : `${line.slice(0, MAX_DESCRIPTION - 1).join('')}…`;
}
