import { InferenceComponentSpecification, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './components';
import { putComponent } from './put-component';
import { withoutAlarms } from './release-requests';
import { ReleaseSpecification } from './release-specification';
import { tagsOf } from './release-model';
import { Scaling } from './scaling';

export interface ReleaseComponentRequest {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** The release's model. */
  readonly modelName: string;
  readonly specification: ReleaseSpecification;
  /** Lets the update through whatever the alarms say, for the release that is to end an alarm. */
  readonly ignoreAlarms?: boolean;
  /** @default - the component does not scale */
  readonly scaling?: Scaling;
}

export interface ReleaseComponentAnswer {
  /** What the component must run, and be in service. */
  readonly modelName: string;
  /** All that it is to run; what a later release that fails goes back to. */
  readonly specification: InferenceComponentSpecification;
  readonly action: 'created' | 'updated' | 'unchanged';
}

/**
 * Asks SageMaker to run the release's model on the endpoint's instances, which must be in service.
 *
 * @throws EndpointBusyError while another change is under way.
 */
export async function releaseComponent(request: ReleaseComponentRequest): Promise<ReleaseComponentAnswer> {
  const { client, endpointName, modelName, specification: release, ignoreAlarms } = request;
  const { computeResourceRequirements, copyCount, deploymentConfig, startupParameters } = release.component!;
  const specification: InferenceComponentSpecification = {
    ModelName: modelName,
    ComputeResourceRequirements: computeResourceRequirements,
    StartupParameters: startupParameters,
  };
  const action = await putComponent({
    client,
    endpointName,
    variantName: release.variantName,
    present: await describeComponent(client, endpointName),
    specification,
    copyCount,
    deploymentConfig: ignoreAlarms === true ? withoutAlarms(deploymentConfig) : deploymentConfig,
    tags: tagsOf(request),
    scaling: request.scaling,
  });
  return { modelName, specification, action };
}
