import { ENVIRONMENT, LISTING, NAME, S3_URI, TAGS } from '../api/common-shapes';
import { integer, list, number, oneOf, string, structure } from '../api/shapes';

const SPECIFICATION = structure({
  ModelName: NAME,
  Container: structure({ Image: string(0, 255, '[\\S]+'), ArtifactUrl: S3_URI, Environment: ENVIRONMENT }),
  StartupParameters: structure({
    ModelDataDownloadTimeoutInSeconds: integer(60, 3600),
    ContainerStartupHealthCheckTimeoutInSeconds: integer(60, 3600),
  }),
  ComputeResourceRequirements: structure({
    NumberOfCpuCoresRequired: number(0.25),
    NumberOfAcceleratorDevicesRequired: number(1),
    'MinMemoryRequiredInMb!': integer(128),
    MaxMemoryRequiredInMb: integer(128),
  }),
  BaseInferenceComponentName: NAME,
});

const RUNTIME = structure({ 'CopyCount!': integer(0) });

const CAPACITY_SIZE = structure({ 'Type!': oneOf('COPY_COUNT', 'CAPACITY_PERCENT'), 'Value!': integer(1) });

/** Shapes of the inference component requests. */
export const BY_NAME = structure({ 'InferenceComponentName!': NAME });

export const CREATE_INFERENCE_COMPONENT = structure({
  'InferenceComponentName!': NAME,
  'EndpointName!': NAME,
  VariantName: NAME,
  'Specification!': SPECIFICATION,
  RuntimeConfig: RUNTIME,
  Tags: TAGS,
});

export const UPDATE_INFERENCE_COMPONENT = structure({
  'InferenceComponentName!': NAME,
  Specification: SPECIFICATION,
  RuntimeConfig: RUNTIME,
  DeploymentConfig: structure({
    'RollingUpdatePolicy!': structure({
      'MaximumBatchSize!': CAPACITY_SIZE,
      'WaitIntervalInSeconds!': integer(0, 3600),
      MaximumExecutionTimeoutInSeconds: integer(600, 28800),
      RollbackMaximumBatchSize: CAPACITY_SIZE,
    }),
    AutoRollbackConfiguration: structure({
      Alarms: list(structure({ AlarmName: string(1, 255, '(?!\\s*$).+') }), 1, 10),
    }),
  }),
});

export const UPDATE_RUNTIME = structure({ 'InferenceComponentName!': NAME, 'DesiredRuntimeConfig!': RUNTIME });

export const LIST_INFERENCE_COMPONENTS = structure({
  ...LISTING,
  StatusEquals: oneOf('InService', 'Creating', 'Updating', 'Failed', 'Deleting'),
  EndpointNameEquals: NAME,
  VariantNameEquals: NAME,
});
