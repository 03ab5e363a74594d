import { InferenceComponentSpecification, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent, refuseMoving } from './components';
import { describeConfig } from './endpoint-configs';
import { describeEndpoint } from './endpoints';
import { Proven } from './ledger';
import { describeModel } from './models';
import { putComponent } from './put-component';
import { EndpointBusyError } from './release-errors';
import { tagsOf } from './release-model';
import { withoutAlarms } from './release-requests';
import { ReleaseSpecification } from './release-specification';
import { removeComponent } from './remove-component';
import { Scaling } from './scaling';

export interface RestoreComponentRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  readonly specification: ReleaseSpecification;
  /** What proved itself last, if anything did. */
  readonly proven: Proven;
  readonly scaling?: Scaling;
}

export interface RestoreComponentAnswer {
  /** What the component must run, and be in service; absent when it is removed. */
  readonly modelName?: string;
  readonly action: 'created' | 'updated' | 'unchanged' | 'removed';
}

/**
 * Takes the endpoint's component from a model that failed: back to the one that proved itself last, or away when none
 * ever did. Past all alarms, which may well be ringing for that model. The endpoint itself comes after it: on other
 * instances the copies of the model that failed might find no place.
 *
 * @throws EndpointBusyError while another change is under way.
 */
export async function restoreComponent(request: RestoreComponentRequest): Promise<RestoreComponentAnswer> {
  const { client, endpointName, specification: release, scaling } = request;
  const present = await describeComponent(client, endpointName);
  const proven = await stillThere(request);
  if (proven === undefined) {
    refuseMoving(present);
    await scaling?.deregister();
    if (!(await removeComponent(client, endpointName)))
      throw new EndpointBusyError(`inference component ${endpointName} is being deleted`);
    return { action: 'removed' };
  }
  const { copyCount, deploymentConfig } = release.component!;
  const action = await putComponent({
    client,
    endpointName,
    variantName: release.variantName,
    present,
    specification: proven,
    copyCount,
    deploymentConfig: withoutAlarms(deploymentConfig),
    tags: tagsOf(request),
    scaling,
  });
  return { modelName: proven.ModelName, action };
}

/** What the component can go back to: nothing without an endpoint, or when somebody has deleted the model or the config. */
async function stillThere({
  client,
  endpointName,
  proven: { good, component },
}: RestoreComponentRequest): Promise<InferenceComponentSpecification | undefined> {
  if (good === undefined || component === undefined) return undefined;
  const found = await Promise.all([
    describeEndpoint(client, endpointName),
    describeConfig(client, good),
    describeModel(client, component.ModelName!),
  ]);
  return found.includes(undefined) ? undefined : component;
}
