import type { CreateEndpointConfigCommandInput, DeploymentConfig, ProductionVariant } from '@aws-sdk/client-sagemaker';
import type { ComponentSpecification } from './component-specification';

/**
 * What the release machine hands to the Release function: everything about the endpoint that does not come from the
 * artifact. The stack renders it into the machine's definition; names are chosen by Release.
 */
export interface ReleaseSpecification {
  /** The role that SageMaker hosts the model with. */
  readonly executionRoleArn: string;
  /** Image address, `<account>.dkr.ecr.<region>.<suffix>/<repository>:<tag>`. */
  readonly image: string;
  /** For example `ml.c7i.large`; absent where `variant` says what serves. */
  readonly instanceType?: string;
  readonly initialInstanceCount?: number;
  /** Must stay the same over the endpoint's life, or an update would add a variant. */
  readonly variantName: string;
  /** The container's environment; at most 100 entries. */
  readonly environment: Readonly<Record<string, string>>;
  readonly networkIsolation: boolean;
  readonly vpc?: { readonly subnets: readonly string[]; readonly securityGroupIds: readonly string[] };
  /** 1 to 512; absent for instances with a local disk. */
  readonly volumeSizeInGb?: number;
  /** Encrypts the instances' volumes; absent for instances with a local disk, which encrypt by themselves. */
  readonly kmsKeyArn?: string;
  /** 60 to 3600. */
  readonly containerStartupHealthCheckTimeoutSeconds?: number;
  /** 60 to 3600. */
  readonly modelDataDownloadTimeoutSeconds?: number;
  /** The host's image, which has to fit the CUDA version of the container's. */
  readonly inferenceAmiVersion?: string;
  /** Further fields of the variant, in the shape of the SageMaker API. */
  readonly variant?: Partial<ProductionVariant>;
  /** Further fields of the endpoint config, in the shape of the SageMaker API. */
  readonly endpointConfig?: Partial<CreateEndpointConfigCommandInput>;
  /** How copies of the model run on the instances; absent where the endpoint config names the model. */
  readonly component?: ComponentSpecification;
  /** `DeploymentConfig` in the shape of the SageMaker API, for updates. */
  readonly deploymentConfig?: DeploymentConfig;
  /** Goes on every model, endpoint config and endpoint that Release creates. */
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}
