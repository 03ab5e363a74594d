import {
  DescribeInferenceComponentCommand,
  DescribeInferenceComponentOutput,
  InferenceComponentSpecification,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { EndpointBusyError, unlessMissing } from './release-errors';

/** The description of an endpoint's inference component, which has the endpoint's name; undefined when there is none. */
export async function describeComponent(
  client: SageMakerClient,
  endpointName: string,
): Promise<DescribeInferenceComponentOutput | undefined> {
  return unlessMissing(client.send(new DescribeInferenceComponentCommand({ InferenceComponentName: endpointName })));
}

/**
 * Refuses to touch a component that is on its way.
 *
 * @throws EndpointBusyError
 */
export function refuseMoving(component: DescribeInferenceComponentOutput | undefined): void {
  const status = component?.InferenceComponentStatus;
  if (status === undefined || status === 'InService' || status === 'Failed') return;
  throw new EndpointBusyError(`inference component ${component!.InferenceComponentName} is ${status}`);
}

/** What a component runs, as it would be asked for. */
export function specificationOf({
  Specification,
}: DescribeInferenceComponentOutput): InferenceComponentSpecification | undefined {
  if (Specification === undefined) return undefined;
  const { ModelName, ComputeResourceRequirements, StartupParameters } = Specification;
  return { ModelName, ComputeResourceRequirements, StartupParameters };
}
