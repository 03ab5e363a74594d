import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describePackage } from './describe-package';
import { ModelPackageRecord } from './records';

/**
 * Tells EventBridge of a package, as SageMaker does when one is made and whenever it changes.
 *
 * @param changed The fields that were changed; none where the package was just made.
 */
export async function tellOfPackage(
  client: EventBridgeClient,
  record: ModelPackageRecord,
  changed: readonly string[],
): Promise<void> {
  const answer = await client.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'aws.sagemaker',
          DetailType: 'SageMaker Model Package State Change',
          Resources: [record.arn],
          Detail: JSON.stringify({
            ...describePackage(record),
            ModelPackageName: `${record.group}/${record.version}`,
            CreationTime: timeOf(record.created),
            LastModifiedTime: timeOf(record.modified),
            UpdatedModelPackageFields: changed.length === 0 ? undefined : changed,
          }),
        },
      ],
    }),
  );
  const refused = answer.Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
  if (refused !== undefined) throw new Error(`${refused.ErrorCode}: ${refused.ErrorMessage}`);
}

/** Events have texts where answers have seconds since 1970. */
function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
