import { Duration, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { TrainingChannel, TrainingDataDistribution, TrainingInputMode } from '../training-channel';
import { TrainingOptions } from '../training-options';
import { attemptName } from './attempt';
import { JobRequestProps } from './job-request';
import { RAW } from './prefixes';

/** The request to CreateTrainingJob, as the Parameters field of the state. */
export function trainingRequest(scope: Construct, props: JobRequestProps<TrainingOptions>): Record<string, unknown> {
  const { options, image, network } = props;
  const place = `s3://${props.bucketName}/${RAW}/${props.modelName}/`;
  const checkpoints = options.checkpoints ?? options.spot ?? false;
  const channels = options.channels ?? [];
  const environment = options.environment ?? {};
  return {
    'TrainingJobName.$': attemptName(props.jobNamePath),
    RoleArn: props.roleArn,
    AlgorithmSpecification: {
      TrainingImage: image.imageUri,
      TrainingInputMode: TrainingInputMode.FILE,
      ...(options.metrics === undefined || options.metrics.length === 0
        ? {}
        : { MetricDefinitions: options.metrics.map(({ name, regex }) => ({ Name: name, Regex: regex })) }),
    },
    HyperParameters: hyperparameters(scope, props),
    ...(Object.keys(environment).length === 0 ? {} : { Environment: environment }),
    ...(channels.length === 0 ? {} : { InputDataConfig: channels.map(channelRequest) }),
    OutputDataConfig: {
      'S3OutputPath.$': `States.Format('${place}{}/', ${props.buildPath})`,
      CompressionType: 'NONE',
      ...(props.outputKeyArn === undefined ? {} : { KmsKeyId: props.outputKeyArn }),
    },
    ResourceConfig: resources(props),
    StoppingCondition: {
      MaxRuntimeInSeconds: (options.maxRuntime ?? Duration.hours(24)).toSeconds(),
      ...(options.maxWait === undefined ? {} : { MaxWaitTimeInSeconds: options.maxWait.toSeconds() }),
    },
    EnableManagedSpotTraining: options.spot ?? false,
    EnableNetworkIsolation: options.networkIsolation ?? false,
    EnableInterContainerTrafficEncryption: options.interContainerTrafficEncryption ?? (options.instanceCount ?? 1) > 1,
    ...(checkpoints
      ? {
          CheckpointConfig: {
            'S3Uri.$': `States.Format('${place}{}/checkpoints/', ${props.buildPath})`,
            LocalPath: '/opt/ml/checkpoints',
          },
        }
      : {}),
    ...(options.retryAttempts === 0 ? {} : { RetryStrategy: { MaximumRetryAttempts: options.retryAttempts ?? 2 } }),
    ...(network === undefined
      ? {}
      : {
          VpcConfig: {
            Subnets: network.subnets,
            SecurityGroupIds: network.securityGroups.map((group) => group.securityGroupId),
          },
        }),
  };
}

/** Scripts get their arguments as JSON; other containers get text as it is. */
function hyperparameters(
  scope: Construct,
  { options, source, jobNamePath }: JobRequestProps<TrainingOptions>,
): Record<string, unknown> {
  const given = Object.fromEntries(
    Object.entries(options.hyperparameters ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' && source === undefined ? value : JSON.stringify(value),
    ]),
  );
  if (source === undefined) return given;
  return {
    ...given,
    sagemaker_program: JSON.stringify(options.entryPoint ?? 'train.py'),
    sagemaker_submit_directory: `"s3://${source.s3BucketName}/${source.s3ObjectKey}"`,
    sagemaker_region: `"${Stack.of(scope).region}"`,
    sagemaker_container_log_level: '20',
    'sagemaker_job_name.$': `States.Format('"{}"', ${jobNamePath})`,
  };
}

function channelRequest(channel: TrainingChannel): Record<string, unknown> {
  return {
    ChannelName: channel.name,
    InputMode: channel.inputMode ?? TrainingInputMode.FILE,
    ...(channel.contentType === undefined ? {} : { ContentType: channel.contentType }),
    DataSource: {
      S3DataSource: {
        S3DataType: 'S3Prefix',
        S3Uri: `s3://${channel.bucket.bucketName}/${channel.prefix}`,
        S3DataDistributionType: channel.distribution ?? TrainingDataDistribution.FULLY_REPLICATED,
      },
    },
  };
}

function resources({ options, volumeKeyArn }: JobRequestProps<TrainingOptions>): Record<string, unknown> {
  return {
    InstanceType: options.instanceType.name,
    InstanceCount: options.instanceCount ?? 1,
    ...(options.instanceType.hasLocalDisk ? {} : { VolumeSizeInGB: options.volumeSizeInGb ?? 30 }),
    ...(volumeKeyArn === undefined ? {} : { VolumeKmsKeyId: volumeKeyArn }),
    ...(options.keepAlive === undefined ? {} : { KeepAlivePeriodInSeconds: options.keepAlive.toSeconds() }),
  };
}
