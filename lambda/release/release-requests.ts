import {
  CreateEndpointConfigCommandInput,
  CreateModelCommandInput,
  DeploymentConfig,
  ProductionVariant,
  VpcConfig,
} from '@aws-sdk/client-sagemaker';
import { ReleaseSpecification } from './release-specification';
import type { ReleaseRequest } from './release-model';

/** The artifact is served as the prefix it is: nothing is packed again, and the container gets it uncompressed. */
export function modelCommandInput(request: ReleaseRequest, modelName: string): CreateModelCommandInput {
  const { specification } = request;
  return {
    ModelName: modelName,
    ExecutionRoleArn: specification.executionRoleArn,
    EnableNetworkIsolation: specification.networkIsolation,
    PrimaryContainer: {
      Image: specification.image,
      Environment: { ...specification.environment },
      ModelDataSource: {
        S3DataSource: { S3Uri: request.artifact, S3DataType: 'S3Prefix', CompressionType: 'None' },
      },
    },
    ...networkOf(specification),
  };
}

function networkOf({ vpc }: ReleaseSpecification): { VpcConfig?: VpcConfig } {
  if (vpc === undefined) return {};
  return { VpcConfig: { Subnets: [...vpc.subnets], SecurityGroupIds: [...vpc.securityGroupIds] } };
}

/** All of an endpoint config but its name and tags. */
export function endpointConfigInput(
  specification: ReleaseSpecification,
  modelName: string,
): Omit<CreateEndpointConfigCommandInput, 'EndpointConfigName'> {
  return {
    ...specification.endpointConfig,
    ...(specification.component === undefined ? {} : withoutModel(specification)),
    ProductionVariants: [productionVariant(modelName, specification)],
    ...(specification.kmsKeyArn === undefined ? {} : { KmsKeyId: specification.kmsKeyArn }),
  };
}

/** What instances need to know before any model is there. */
function withoutModel(specification: ReleaseSpecification): Partial<CreateEndpointConfigCommandInput> {
  return {
    ExecutionRoleArn: specification.executionRoleArn,
    EnableNetworkIsolation: specification.networkIsolation,
    ...networkOf(specification),
  };
}

/** The endpoint's one production variant; its name stays the same over all releases, or guardrails would not apply. */
export function productionVariant(modelName: string, specification: ReleaseSpecification): ProductionVariant {
  const optional: Partial<ProductionVariant> = {
    InstanceType: specification.instanceType as ProductionVariant['InstanceType'],
    InitialInstanceCount: specification.initialInstanceCount,
    VolumeSizeInGB: specification.volumeSizeInGb,
    ContainerStartupHealthCheckTimeoutInSeconds: specification.containerStartupHealthCheckTimeoutSeconds,
    ModelDataDownloadTimeoutInSeconds: specification.modelDataDownloadTimeoutSeconds,
    InferenceAmiVersion: specification.inferenceAmiVersion as ProductionVariant['InferenceAmiVersion'],
  };
  return {
    VariantName: specification.variantName,
    ...(specification.component === undefined ? { ModelName: modelName, InitialVariantWeight: 1 } : {}),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    ...specification.variant,
  };
}

/** How the endpoint goes from one config to the next. */
export function deploymentConfig(
  { deploymentConfig: config }: ReleaseSpecification,
  ignoreAlarms: boolean,
): DeploymentConfig | undefined {
  return config === undefined || !ignoreAlarms ? config : withoutAlarms(config);
}

/** The same way to the next model, whatever the alarms say. */
export function withoutAlarms<T extends { readonly AutoRollbackConfiguration?: unknown }>(
  config: T,
): Omit<T, 'AutoRollbackConfiguration'> {
  const { AutoRollbackConfiguration: _ignored, ...rest } = config;
  return rest;
}
