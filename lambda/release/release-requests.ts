import { CreateModelCommandInput, DeploymentConfig, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { ReleaseDeploymentConfig, ReleaseSpecification } from './release-specification';
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

/** The endpoint's one production variant; its name stays the same over all releases, or guardrails would not apply. */
export function productionVariant(modelName: string, specification: ReleaseSpecification): ProductionVariant {
  const optional: Partial<ProductionVariant> = {
    VolumeSizeInGB: specification.volumeSizeInGb,
    ContainerStartupHealthCheckTimeoutInSeconds: specification.containerStartupHealthCheckTimeoutSeconds,
    ModelDataDownloadTimeoutInSeconds: specification.modelDataDownloadTimeoutSeconds,
    InferenceAmiVersion: specification.inferenceAmiVersion as ProductionVariant['InferenceAmiVersion'],
  };
  return {
    VariantName: specification.variantName,
    ModelName: modelName,
    InstanceType: specification.instanceType as ProductionVariant['InstanceType'],
    InitialInstanceCount: specification.initialInstanceCount,
    InitialVariantWeight: 1,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** How the endpoint goes from one config to the next; the client wants lists of its own. */
export function deploymentConfig(config: ReleaseDeploymentConfig): DeploymentConfig {
  const { AutoRollbackConfiguration: rollback } = config;
  return {
    BlueGreenUpdatePolicy: config.BlueGreenUpdatePolicy,
    ...(rollback === undefined ? {} : { AutoRollbackConfiguration: { Alarms: [...rollback.Alarms] } }),
  };
}
