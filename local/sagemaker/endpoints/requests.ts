import { ENVIRONMENT, INSTANCE_TYPE, KMS_KEY_ID, NAME, ROLE_ARN, S3_URI, TAGS, VPC_CONFIG } from '../api/common-shapes';
import { boolean, integer, list, number, oneOf, string, structure } from '../api/shapes';
import { EXPLAINER_CONFIG } from './explainer-config';

const CONTAINER = structure({
  ContainerHostname: NAME,
  Image: string(0, 255, '[\\S]+'),
  Mode: oneOf('SingleModel', 'MultiModel'),
  ModelDataUrl: S3_URI,
  ModelDataSource: structure({
    S3DataSource: structure({
      'S3Uri!': S3_URI,
      'S3DataType!': oneOf('S3Prefix', 'S3Object'),
      'CompressionType!': oneOf('None', 'Gzip'),
      ManifestS3Uri: S3_URI,
      ETag: string(),
    }),
  }),
  Environment: ENVIRONMENT,
});

/** Shapes of the model, endpoint config and endpoint requests. */
export const CREATE_MODEL = structure({
  'ModelName!': NAME,
  PrimaryContainer: CONTAINER,
  Containers: list(CONTAINER, 0, 15),
  ExecutionRoleArn: ROLE_ARN,
  Tags: TAGS,
  VpcConfig: VPC_CONFIG,
  EnableNetworkIsolation: boolean,
});

const VARIANT = structure({
  'VariantName!': NAME,
  ModelName: NAME,
  InitialInstanceCount: integer(1),
  InstanceType: INSTANCE_TYPE,
  InitialVariantWeight: number(0),
  VolumeSizeInGB: integer(1, 512),
  ModelDataDownloadTimeoutInSeconds: integer(60, 3600),
  ContainerStartupHealthCheckTimeoutInSeconds: integer(60, 3600),
  ServerlessConfig: structure({ 'MemorySizeInMB!': integer(1024, 6144), 'MaxConcurrency!': integer(1, 200) }),
  InstancePools: list(
    structure({ 'InstanceType!': INSTANCE_TYPE, 'Priority!': integer(1, 5), ModelNameOverride: NAME }),
    1,
    5,
  ),
  VariantInstanceProvisionTimeoutInSeconds: integer(300, 3600),
  RoutingConfig: structure({ 'RoutingStrategy!': string(1, 64) }),
  ManagedInstanceScaling: structure({
    Status: oneOf('ENABLED', 'DISABLED'),
    MinInstanceCount: integer(0),
    MaxInstanceCount: integer(1),
  }),
  InferenceAmiVersion: string(1, 128),
});

export const CREATE_ENDPOINT_CONFIG = structure({
  'EndpointConfigName!': NAME,
  'ProductionVariants!': list(VARIANT, 1, 10),
  ShadowProductionVariants: list(VARIANT, 1, 10),
  DataCaptureConfig: structure({
    EnableCapture: boolean,
    'InitialSamplingPercentage!': integer(0, 100),
    'DestinationS3Uri!': S3_URI,
    'CaptureOptions!': list(structure({ 'CaptureMode!': oneOf('Input', 'Output', 'InputAndOutput') }), 1, 32),
  }),
  ExplainerConfig: EXPLAINER_CONFIG,
  AsyncInferenceConfig: structure({
    ClientConfig: structure({ MaxConcurrentInvocationsPerInstance: integer(1, 1000) }),
    'OutputConfig!': structure({
      KmsKeyId: KMS_KEY_ID,
      S3OutputPath: S3_URI,
      S3FailurePath: S3_URI,
      NotificationConfig: structure({ SuccessTopic: string(0, 2048), ErrorTopic: string(0, 2048) }),
    }),
  }),
  Tags: TAGS,
  KmsKeyId: KMS_KEY_ID,
  ExecutionRoleArn: ROLE_ARN,
  VpcConfig: VPC_CONFIG,
  EnableNetworkIsolation: boolean,
});

const CAPACITY_SIZE = structure({ 'Type!': oneOf('INSTANCE_COUNT', 'CAPACITY_PERCENT'), 'Value!': integer(1) });

const DEPLOYMENT_CONFIG = structure({
  BlueGreenUpdatePolicy: structure({
    'TrafficRoutingConfiguration!': structure({
      'Type!': oneOf('ALL_AT_ONCE', 'CANARY', 'LINEAR'),
      'WaitIntervalInSeconds!': integer(0, 3600),
      CanarySize: CAPACITY_SIZE,
      LinearStepSize: CAPACITY_SIZE,
    }),
    TerminationWaitInSeconds: integer(0, 3600),
    MaximumExecutionTimeoutInSeconds: integer(600, 28800),
  }),
  RollingUpdatePolicy: structure({
    'MaximumBatchSize!': CAPACITY_SIZE,
    'WaitIntervalInSeconds!': integer(0, 3600),
    MaximumExecutionTimeoutInSeconds: integer(600, 28800),
    RollbackMaximumBatchSize: CAPACITY_SIZE,
  }),
  AutoRollbackConfiguration: structure({
    Alarms: list(structure({ AlarmName: string(1, 255, '(?!\\s*$).+') }), 1, 10),
  }),
});

export const CREATE_ENDPOINT = structure({
  'EndpointName!': NAME,
  'EndpointConfigName!': NAME,
  DeploymentConfig: DEPLOYMENT_CONFIG,
  Tags: TAGS,
});

export const UPDATE_ENDPOINT = structure({
  'EndpointName!': NAME,
  'EndpointConfigName!': NAME,
  RetainAllVariantProperties: boolean,
  ExcludeRetainedVariantProperties: list(
    structure({ 'VariantPropertyType!': oneOf('DesiredInstanceCount', 'DesiredWeight', 'DataCaptureConfig') }),
    0,
    3,
  ),
  DeploymentConfig: DEPLOYMENT_CONFIG,
  RetainDeploymentConfig: boolean,
});

export const UPDATE_WEIGHTS = structure({
  'EndpointName!': NAME,
  'DesiredWeightsAndCapacities!': list(
    structure({ 'VariantName!': NAME, DesiredWeight: number(0), DesiredInstanceCount: integer(0) }),
    1,
  ),
});
