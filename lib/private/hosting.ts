import { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Duration, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ContainerImageConfig } from '../container-image';
import { EndpointAlarms } from '../endpoint-alarms';
import { EndpointSpecification } from '../endpoint-specification';
import { EndpointUpdatePolicy } from '../endpoint-update-policy';
import { IModelBucket } from '../model-bucket';
import { ScaledEndpoint } from './allow-scaling';
import { allowAnswering } from './async-places';
import { allowGuards, allowKey, allowList, allowObjects, allowVolumeKey } from './grants';
import { allowPull } from './image-pull';
import { allowExplainer } from './render-explainer';
import { createNetwork, Network } from './network';
import { CAPTURED, COMPRESSED } from './prefixes';
import { countsOf, renderComponent, renderCopyScaling } from './render-component';
import { renderEndpointConfig, renderVariant } from './render-features';
import { renderScaling } from './render-scaling';
import { renderShadow, Shadow } from './render-shadow';
import { createSageMakerRole } from './sagemaker-role';
import { validateEndpoint } from './validate-endpoint';

export interface HostingProps {
  readonly modelName: string;
  readonly models: IModelBucket;
  readonly endpoint: EndpointSpecification;
  /** Name of the endpoint, which the alarms watch. */
  readonly endpointName: string;
}

/** The one variant of an endpoint. It has this name for good: another one would be another variant. */
const VARIANT = 'main';

/** Driver versions of the hosts, by the first two digits of the CUDA version in the image. */
const HOST_IMAGES: Readonly<Record<string, string>> = {
  '12': 'al2-ami-sagemaker-inference-gpu-3-1',
  '13': 'al2023-ami-sagemaker-inference-gpu-4-1',
};

/** What the framework images need to run the code of an artifact. */
export const SERVING_CODE_ENVIRONMENT = {
  SAGEMAKER_PROGRAM: 'inference.py',
  SAGEMAKER_SUBMIT_DIRECTORY: '/opt/ml/model/code',
  SAGEMAKER_CONTAINER_LOG_LEVEL: '20',
};

/** The stable side of an endpoint: the role it runs with, its serving code, and all that Release must know of it. */
export class Hosting extends Construct {
  public readonly role: Role;
  public readonly code?: Asset;
  /** The packed golden requests, where there is a smoke test. */
  public readonly golden?: Asset;
  /** Whether answers come by way of the bucket. */
  public readonly isAsync: boolean;
  /** Name of the inference component that runs the model, where one does. */
  public readonly componentName?: string;
  /** What scales, where anything does. */
  public readonly scaled: ScaledEndpoint;
  /** Alarms that a pipeline makes by itself. */
  public readonly alarms: EndpointAlarms;
  /** All alarms that roll updates back. */
  public readonly guards: IAlarm[];
  /** How the endpoint scales, as a ScalingSpecification. */
  public readonly scaling?: Record<string, unknown>;
  /** How new models are tried before they are released. */
  public readonly shadow?: Shadow;
  /** How many configs and models stay. */
  public readonly keepReleases: number;
  /** When a release that is still under way counts as failed: the update's own limit, as long again for the way back, and an hour for the rest. */
  public readonly releaseTimeout: Duration;
  public readonly image: ContainerImageConfig;
  public readonly network?: Network;
  /** Encrypts the instances' volumes; instances with a disk of their own do that themselves. */
  public readonly volumeKey?: IKey;
  /** The ReleaseSpecification of the Release function. */
  public readonly specification: Record<string, unknown>;

  constructor(scope: Construct, id: string, props: HostingProps) {
    super(scope, id);
    const { endpoint } = props;
    validateEndpoint(endpoint);
    this.image = endpoint.image.bind(this);
    this.code =
      endpoint.codeDirectory === undefined
        ? undefined
        : new Asset(this, 'Code', {
            path: endpoint.codeDirectory,
            exclude: ['**/__pycache__', '**/*.pyc', '.DS_Store', '.venv', '.git'],
          });
    this.golden = endpoint.smokeTest && new Asset(this, 'Golden', { path: endpoint.smokeTest._pack() });
    this.isAsync = endpoint.asyncInference !== undefined;
    this.componentName = endpoint.inferenceComponent && props.endpointName;
    this.scaled = { endpointName: props.endpointName, hasComponent: this.componentName !== undefined };
    this.alarms = new EndpointAlarms(this, 'Alarms', {
      ...(this.isAsync ? { maxModelLatency: Duration.minutes(15) } : {}),
      ...endpoint.alarms,
      endpointName: props.endpointName,
      inferenceComponentName: this.componentName,
    });
    this.scaling = endpoint.inferenceComponent
      ? renderCopyScaling(endpoint.inferenceComponent, props.endpointName)
      : endpoint.scaling && renderScaling(endpoint.scaling, VARIANT);
    this.shadow = endpoint.shadowTest && renderShadow(endpoint.shadowTest);
    this.keepReleases = endpoint.keepReleases ?? 5;
    const policy = updatePolicyOf(endpoint);
    this.guards = [...policy._alarms(), ...this.alarms.alarms];
    this.releaseTimeout = Duration.seconds(2 * policy._limit().toSeconds() + 3600);
    this.network = createNetwork(this, endpoint.vpc, endpoint.vpcSubnets, endpoint.securityGroups);
    this.volumeKey = endpoint.instanceType.hasLocalDisk
      ? undefined
      : (endpoint.volumeEncryptionKey ?? props.models.encryptionKey);
    this.role = this.createRole(props);
    this.specification = this.render(props);
  }

  private createRole({ modelName, models, endpoint, endpointName }: HostingProps): Role {
    const role = createSageMakerRole(this, 'Role', {
      description: `Hosting of the model ${modelName}`,
      kind: 'Endpoints',
      vpc: endpoint.vpc,
      vpcSubnets: endpoint.vpcSubnets,
      securityGroups: this.network?.securityGroups,
    });
    allowPull(role, this.image);
    allowObjects(role, models.bucket, `${COMPRESSED}/${modelName}/`, ['s3:GetObject']);
    allowList(role, models.bucket, [`${COMPRESSED}/${modelName}/`]);
    allowKey(role, models.encryptionKey, 'read');
    if (endpoint.dataCapture !== undefined) {
      allowObjects(role, models.bucket, `${CAPTURED}/${endpointName}/`, ['s3:PutObject']);
      allowKey(role, models.encryptionKey, 'write');
    }
    if (endpoint.explainer !== undefined) allowExplainer(role, endpoint.explainer);
    if (endpoint.asyncInference !== undefined) allowAnswering(role, models, endpointName, endpoint.asyncInference);
    allowVolumeKey(role, this.volumeKey);
    allowGuards(role, this.guards);
    return role;
  }

  private render({ modelName, models, endpoint, endpointName }: HostingProps): Record<string, unknown> {
    const { network } = this;
    const component = endpoint.inferenceComponent;
    const policy = updatePolicyOf(endpoint);
    // The instances that copies run on change all at once, under the same alarms.
    const ofInstances = component && EndpointUpdatePolicy.allAtOnce({ alarms: policy._alarms() });
    const fields: Record<string, unknown> = {
      executionRoleArn: this.role.roleArn,
      image: this.image.imageUri,
      instanceType: endpoint.fallbackInstanceTypes === undefined ? endpoint.instanceType.name : undefined,
      // A model proves itself on an instance, also where none stays.
      initialInstanceCount: endpoint.instanceCount ?? Math.max(1, fewestInstances(endpoint)),
      variantName: VARIANT,
      environment: this.environment(endpoint),
      networkIsolation: endpoint.networkIsolation ?? false,
      vpc: network && {
        subnets: network.subnets,
        securityGroupIds: network.securityGroups.map((group) => group.securityGroupId),
      },
      volumeSizeInGb: endpoint.volumeSizeInGb,
      kmsKeyArn: this.volumeKey?.keyArn,
      containerStartupHealthCheckTimeoutSeconds: component ? undefined : endpoint.startupTimeout?.toSeconds(),
      modelDataDownloadTimeoutSeconds: component ? undefined : endpoint.downloadTimeout?.toSeconds(),
      inferenceAmiVersion: endpoint.inferenceAmiVersion ?? this.hostImage(endpoint),
      variant: unlessEmpty(renderVariant(endpoint)),
      endpointConfig: unlessEmpty(renderEndpointConfig(endpoint, endpointName, models)),
      component: component && renderComponent(component, endpoint, policy, this.alarms.alarms),
      deploymentConfig: (ofInstances ?? policy)._render(this.alarms.alarms),
      tags: [{ Key: 'modelpress:model', Value: modelName }],
    };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  }

  private environment(endpoint: EndpointSpecification): Record<string, string> {
    return {
      // vLLM's image would install a requirements.txt that came with a model.
      ...(this.image.repositoryName === 'vllm' ? { STANDARD_AUTO_INSTALL_REQ: 'false' } : {}),
      ...(this.code === undefined ? {} : SERVING_CODE_ENVIRONMENT),
      ...endpoint.environment,
    };
  }

  private hostImage(endpoint: EndpointSpecification): string | undefined {
    const cuda = this.image.cuda;
    if (!endpoint.instanceType.hasGpu || cuda === undefined || Token.isUnresolved(cuda)) return undefined;
    const version = HOST_IMAGES[cuda.slice(0, 2)];
    if (version === undefined) {
      throw new Error(
        `No host image is known for CUDA ${cuda} of the image ${this.image.repositoryName ?? ''}; give inferenceAmiVersion, one that has a ` +
          `driver for it. Known: ${Object.entries(HOST_IMAGES)
            .map(([major, ami]) => `CUDA ${major}: ${ami}`)
            .join(', ')}`,
      );
    }
    return version;
  }
}

function updatePolicyOf({ inferenceComponent, updatePolicy }: EndpointSpecification): EndpointUpdatePolicy {
  if (updatePolicy !== undefined) return updatePolicy;
  return inferenceComponent === undefined ? EndpointUpdatePolicy.allAtOnce() : EndpointUpdatePolicy.rolling();
}

function fewestInstances({ inferenceComponent, scaling }: EndpointSpecification): number {
  return inferenceComponent === undefined
    ? (scaling?.minInstanceCount ?? 1)
    : countsOf(inferenceComponent).minInstances;
}

function unlessEmpty(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}
