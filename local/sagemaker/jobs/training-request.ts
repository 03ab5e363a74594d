import { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
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
import { boolean, integer, list, map, oneOf, string, structure } from '../api/shapes';

const INPUT_MODE = oneOf('Pipe', 'File', 'FastFile');

/** Shape of CreateTrainingJob's request. */
export const CREATE_TRAINING_JOB = structure({
  'TrainingJobName!': NAME,
  HyperParameters: map(string(0, 2500), 100),
  'AlgorithmSpecification!': structure({
    TrainingImage: string(0, 255),
    AlgorithmName: string(1, 170),
    'TrainingInputMode!': INPUT_MODE,
    MetricDefinitions: list(structure({ 'Name!': string(1, 255), 'Regex!': string(1, 500) }), 0, 40),
    ContainerEntrypoint: COMMAND,
    ContainerArguments: COMMAND,
  }),
  'RoleArn!': ROLE_ARN,
  InputDataConfig: list(
    structure({
      'ChannelName!': string(1, 64, '[A-Za-z0-9\\.\\-_]+'),
      'DataSource!': structure({
        S3DataSource: structure({
          'S3DataType!': oneOf('ManifestFile', 'S3Prefix', 'AugmentedManifestFile', 'Converse'),
          'S3Uri!': S3_URI,
          S3DataDistributionType: oneOf('FullyReplicated', 'ShardedByS3Key'),
        }),
      }),
      ContentType: string(0, 256),
      CompressionType: oneOf('None', 'Gzip'),
      RecordWrapperType: oneOf('None', 'RecordIO'),
      InputMode: INPUT_MODE,
    }),
    1,
    20,
  ),
  'OutputDataConfig!': structure({
    KmsKeyId: KMS_KEY_ID,
    'S3OutputPath!': S3_URI,
    CompressionType: oneOf('GZIP', 'NONE'),
  }),
  'ResourceConfig!': structure({
    InstanceType: INSTANCE_TYPE,
    InstanceCount: integer(0),
    VolumeSizeInGB: integer(0),
    VolumeKmsKeyId: KMS_KEY_ID,
    KeepAlivePeriodInSeconds: integer(0, 21600),
  }),
  VpcConfig: VPC_CONFIG,
  'StoppingCondition!': structure({
    MaxRuntimeInSeconds: integer(1),
    MaxWaitTimeInSeconds: integer(1),
    MaxPendingTimeInSeconds: integer(1800, 2419200),
  }),
  Tags: TAGS,
  EnableNetworkIsolation: boolean,
  EnableInterContainerTrafficEncryption: boolean,
  EnableManagedSpotTraining: boolean,
  CheckpointConfig: structure({ 'S3Uri!': S3_URI, LocalPath: string(0, 4096) }),
  Environment: ENVIRONMENT,
  RetryStrategy: structure({ 'MaximumRetryAttempts!': integer(1, 30) }),
});

/** Rules between fields. */
export function checkTrainingRequest(request: CreateTrainingJobRequest): void {
  const { MaxRuntimeInSeconds: runtime, MaxWaitTimeInSeconds: wait } = request.StoppingCondition ?? {};
  if (request.EnableManagedSpotTraining && wait === undefined) {
    throw validationError('MaxWaitTimeInSeconds must be specified when EnableManagedSpotTraining is true.');
  }
  if (!request.EnableManagedSpotTraining && wait !== undefined) {
    throw validationError('MaxWaitTimeInSeconds above 0 is supported only when EnableManagedSpotTraining is true.');
  }
  if (wait !== undefined && wait < (runtime ?? 86400)) {
    throw validationError(
      'Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds.',
    );
  }
  const specification = request.AlgorithmSpecification!;
  if ((specification.TrainingImage === undefined) === (specification.AlgorithmName === undefined)) {
    throw validationError('You must specify exactly one of TrainingImage and AlgorithmName in AlgorithmSpecification.');
  }
  for (const { Name, Regex } of specification.MetricDefinitions ?? []) {
    try {
      new RegExp(Regex!);
    } catch {
      throw validationError(`The regular expression of the metric definition ${Name} is not valid: ${Regex}`);
    }
  }
  const names = (request.InputDataConfig ?? []).map((channel) => channel.ChannelName);
  if (new Set(names).size < names.length) throw validationError('Channel names must be unique within InputDataConfig.');
}
