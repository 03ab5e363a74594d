import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent, specificationOf } from './components';
import { describeEndpoint } from './endpoints';
import { Proven } from './ledger';

/** What an endpoint serves of which there is no ledger: it is in service, so it counts as proven. */
export async function presentRelease(
  client: SageMakerClient,
  endpointName: string,
  hasComponent: boolean,
): Promise<Proven> {
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint?.EndpointStatus !== 'InService') return {};
  const good = endpoint.EndpointConfigName;
  if (!hasComponent) return { good };
  const component = await describeComponent(client, endpointName);
  return component?.InferenceComponentStatus === 'InService'
    ? { good, component: specificationOf(component) }
    : { good };
}
