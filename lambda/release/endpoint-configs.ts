import {
  DescribeEndpointConfigCommand,
  DescribeEndpointConfigOutput,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { unlessMissing } from './release-errors';

/** An endpoint config's description; undefined when there is none. */
export async function describeConfig(
  client: SageMakerClient,
  name: string,
): Promise<DescribeEndpointConfigOutput | undefined> {
  return unlessMissing(client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })));
}

/** Whether a config has a variant that gets copies of the requests. */
export function hasShadow(config: DescribeEndpointConfigOutput | undefined): boolean {
  return (config?.ShadowProductionVariants ?? []).length > 0;
}
