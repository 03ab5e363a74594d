import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describePackage } from './describe-package';
import { ModelPackageRecord } from './records';

/** Tells EventBridge of a package, as SageMaker does when one is made and whenever it changes. */
export async function tellOfPackage(client: EventBridgeClient, record: ModelPackageRecord): Promise<void> {
  const answer = await client.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'aws.sagemaker',
          DetailType: 'SageMaker Model Package State Change',
          Resources: [record.arn],
          Detail: JSON.stringify({ ...describePackage(record), ModelPackageName: `${record.group}/${record.version}` }),
        },
      ],
    }),
  );
  const refused = answer.Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
  if (refused !== undefined) throw new Error(`${refused.ErrorCode}: ${refused.ErrorMessage}`);
}
