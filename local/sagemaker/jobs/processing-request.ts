import {
  COMMAND,
  ENVIRONMENT,
  INSTANCE_TYPE,
  KMS_KEY_ID,
  NAME,
  ROLE_ARN,
  S3_URI,
  TAGS,
  VPC_CONFIG,
} from '../api/common-shapes';
import { boolean, integer, list, oneOf, string, structure } from '../api/shapes';

/** Shape of CreateProcessingJob's request. */
export const CREATE_PROCESSING_JOB = structure({
  'ProcessingJobName!': NAME,
  ProcessingInputs: list(
    structure({
      'InputName!': string(1),
      AppManaged: boolean,
      S3Input: structure({
        'S3Uri!': S3_URI,
        LocalPath: string(0, 256),
        'S3DataType!': oneOf('ManifestFile', 'S3Prefix'),
        S3InputMode: oneOf('Pipe', 'File'),
        S3DataDistributionType: oneOf('FullyReplicated', 'ShardedByS3Key'),
        S3CompressionType: oneOf('None', 'Gzip'),
      }),
    }),
    0,
    10,
  ),
  ProcessingOutputConfig: structure({
    'Outputs!': list(
      structure({
        'OutputName!': string(1),
        S3Output: structure({
          'S3Uri!': S3_URI,
          LocalPath: string(0, 256),
          'S3UploadMode!': oneOf('Continuous', 'EndOfJob'),
        }),
        AppManaged: boolean,
      }),
      0,
      10,
    ),
    KmsKeyId: KMS_KEY_ID,
  }),
  'ProcessingResources!': structure({
    'ClusterConfig!': structure({
      'InstanceCount!': integer(1, 100),
      'InstanceType!': INSTANCE_TYPE,
      'VolumeSizeInGB!': integer(1, 16384),
      VolumeKmsKeyId: KMS_KEY_ID,
    }),
  }),
  StoppingCondition: structure({ 'MaxRuntimeInSeconds!': integer(1, 777600) }),
  'AppSpecification!': structure({
    'ImageUri!': string(0, 255),
    ContainerEntrypoint: COMMAND,
    ContainerArguments: COMMAND,
  }),
  Environment: ENVIRONMENT,
  NetworkConfig: structure({
    EnableInterContainerTrafficEncryption: boolean,
    EnableNetworkIsolation: boolean,
    VpcConfig: VPC_CONFIG,
  }),
  'RoleArn!': ROLE_ARN,
  Tags: TAGS,
});
