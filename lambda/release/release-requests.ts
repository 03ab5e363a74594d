import {
  CreateEndpointConfigCommandInput,
  CreateModelCommandInput,
  DeploymentConfig,
  ProductionVariant,
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
    ...(specification.vpc === undefined
      ? {}
      : {
          VpcConfig: {
            Subnets: [...specification.vpc.subnets],
            SecurityGroupIds: [...specification.vpc.securityGroupIds],
          },
        }),
  };
}

/** All of an endpoint config but its name and tags. */
export function endpointConfigInput(
  specification: ReleaseSpecification,
  modelName: string,
): Omit<CreateEndpointConfigCommandInput, 'EndpointConfigName'> {
  return {
    ...specification.endpointConfig,
    ProductionVariants: [productionVariant(modelName, specification)],
    ...(specification.kmsKeyArn === undefined ? {} : { KmsKeyId: specification.kmsKeyArn }),
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
    ModelName: modelName,
    InitialVariantWeight: 1,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    ...specification.variant,
  };
}

/** How the endpoint goes from one config to the next. */
export function deploymentConfig(
  { deploymentConfig: config }: ReleaseSpecification,
  ignoreAlarms: boolean,
): DeploymentConfig | undefined {
  if (config === undefined || !ignoreAlarms) return config;
  const { AutoRollbackConfiguration: _ignored, ...rest } = config;
  return rest;
}
