import { DescribeModelCommand, DescribeModelOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { unlessMissing } from './release-errors';

/** A model's description; undefined when there is none. */
export async function describeModel(client: SageMakerClient, name: string): Promise<DescribeModelOutput | undefined> {
  return unlessMissing(client.send(new DescribeModelCommand({ ModelName: name })));
}
