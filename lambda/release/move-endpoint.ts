import {
  DeploymentConfig,
  ProductionVariant,
  SageMakerClient,
  UpdateEndpointCommand,
  VariantPropertyType,
} from '@aws-sdk/client-sagemaker';
import { describeConfig, hasShadow } from './endpoint-configs';
import { EndpointBrokenError, EndpointBusyError, isInProgress } from './release-errors';
import { Scaling } from './scaling';

export interface Move {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** Config that the endpoint is in service on. */
  readonly from: string;
  readonly to: string;
  /** Whether it has no instance at this moment; a model proves itself on one all the same. */
  readonly isAsleep: boolean;
  /** How; SageMaker's default is all at once, unguarded. */
  readonly deploymentConfig?: DeploymentConfig;
  /** Is taken away where the instances change in kind; whoever ends the release brings it back. */
  readonly scaling?: Scaling;
}

/**
 * Asks SageMaker to move an endpoint from one config to another. The number of instances stays what scaling or a person
 * has made of it, unless the two configs ask for different numbers.
 *
 * @throws EndpointBusyError while another change is under way; EndpointBrokenError when only one of the two configs names a
 * model.
 */
export async function moveEndpoint(move: Move): Promise<void> {
  const { client, endpointName, from, to, deploymentConfig, isAsleep, scaling } = move;
  // Either may have been deleted by somebody.
  const configs = await Promise.all([describeConfig(client, from), describeConfig(client, to)]);
  const [old, next] = configs.map((config) => config?.ProductionVariants?.[0]);
  if (old !== undefined && next !== undefined) refuseOtherKind(endpointName, old, next);
  const [before, after] = [old?.InitialInstanceCount, next?.InitialInstanceCount];
  if (kindOf(old) !== kindOf(next)) await scaling?.deregister();
  const given: VariantPropertyType[] =
    before === after && !isAsleep ? ['DataCaptureConfig'] : ['DataCaptureConfig', 'DesiredInstanceCount'];
  // How much of the requests a shadow gets is the config's to say, whatever another shadow before it got.
  if (hasShadow(configs[1])) given.push('DesiredWeight');
  try {
    await client.send(
      new UpdateEndpointCommand({
        EndpointName: endpointName,
        EndpointConfigName: to,
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: given.map((VariantPropertyType) => ({ VariantPropertyType })),
        DeploymentConfig: deploymentConfig,
      }),
    );
  } catch (error) {
    if (isInProgress(error))
      throw new EndpointBusyError(`endpoint ${endpointName} is changing: ${(error as Error).message}`);
    throw error;
  }
}

/** Its callers would have to name an inference component from one moment to the next, or must not any more. */
function refuseOtherKind(endpointName: string, old: ProductionVariant, next: ProductionVariant): void {
  if ((old.ModelName === undefined) === (next.ModelName === undefined)) return;
  const [has, hasNot] = ['runs its model by an inference component', 'names its model in its config'];
  const [is, shall] = next.ModelName === undefined ? [hasNot, has] : [has, hasNot];
  throw new EndpointBrokenError(
    `endpoint ${endpointName} ${is}, and one that ${shall} cannot take its place; give endpoint.endpointName another name, so that it is made beside the present one`,
  );
}

function kindOf(variant: ProductionVariant | undefined): string {
  return JSON.stringify([variant?.InstanceType, variant?.InstancePools?.map(({ InstanceType }) => InstanceType)]);
}
