import { DescribeEndpointCommand, DescribeEndpointOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { EndpointBrokenError, EndpointBusyError, isMissing } from './release-errors';

/** An endpoint's description; undefined when there is none. */
export async function describeEndpoint(
  client: SageMakerClient,
  name: string,
): Promise<DescribeEndpointOutput | undefined> {
  try {
    return await client.send(new DescribeEndpointCommand({ EndpointName: name }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Refuses to touch an endpoint that cannot be updated.
 *
 * @throws EndpointBrokenError when a person has to look, EndpointBusyError when it will settle by itself.
 */
export function refuseUnsettled(endpoint: DescribeEndpointOutput): void {
  const { EndpointName: name, EndpointStatus: status, FailureReason: reason } = endpoint;
  if (status === 'UpdateRollbackFailed') {
    throw new EndpointBrokenError(
      `endpoint ${name} is UpdateRollbackFailed (${reason ?? 'no reason given'}): old and new instances are mixed; look at it, delete it, and release again`,
    );
  }
  if (status !== 'InService' && status !== 'Failed' && status !== 'OutOfService') {
    throw new EndpointBusyError(`endpoint ${name} is ${status}`);
  }
}

/** Whether scaling has taken every instance away. */
export function isAsleep({ ProductionVariants }: DescribeEndpointOutput): boolean {
  return ProductionVariants?.[0]?.DesiredInstanceCount === 0;
}
