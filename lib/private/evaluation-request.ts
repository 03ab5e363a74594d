import { Duration } from 'aws-cdk-lib';
import { EvaluationOptions } from '../evaluation-options';
import { attemptName } from './attempt';
import { JobRequestProps } from './job-request';
import { EVALUATION } from './prefixes';

export interface EvaluationRequestProps extends JobRequestProps<EvaluationOptions> {
  readonly rawPath: string;
  readonly artifactPath: string;
}

const BASE = '/opt/ml/processing';

/** Processing jobs know no script mode: this unpacks the script and runs it. The folder comes as the first word. */
const RUN_SCRIPT =
  'set -e; cd "$0"; tar -xzf *.tgz; script="$1"; shift; ' +
  'if [ -f requirements.txt ]; then python3 -m pip install -q -r requirements.txt; fi; exec python3 "$script" "$@"';

/** The request to CreateProcessingJob, as the Parameters field of the state. */
export function evaluationRequest(props: EvaluationRequestProps): Record<string, unknown> {
  const { options, network, source } = props;
  const environment = options.environment ?? {};
  return {
    'ProcessingJobName.$': attemptName(props.jobNamePath),
    RoleArn: props.roleArn,
    AppSpecification: program(props),
    ...(Object.keys(environment).length === 0 ? {} : { Environment: environment }),
    ProcessingInputs: [
      input('raw', { 'S3Uri.$': props.rawPath }),
      input('compressed', { 'S3Uri.$': props.artifactPath }),
      ...(source === undefined ? [] : [input('code', { S3Uri: source.s3ObjectUrl })]),
      ...(options.inputs ?? []).map(({ name, bucket, prefix }) =>
        input(name, { S3Uri: `s3://${bucket.bucketName}/${prefix}` }),
      ),
    ],
    ProcessingOutputConfig: {
      Outputs: [
        {
          OutputName: 'metrics',
          S3Output: {
            'S3Uri.$': `States.Format('s3://${props.bucketName}/${EVALUATION}/${props.modelName}/{}/', ${props.buildPath})`,
            LocalPath: `${BASE}/output`,
            S3UploadMode: 'EndOfJob',
          },
        },
      ],
      ...(props.outputKeyArn === undefined ? {} : { KmsKeyId: props.outputKeyArn }),
    },
    ProcessingResources: {
      ClusterConfig: {
        InstanceCount: 1,
        InstanceType: options.instanceType.name,
        VolumeSizeInGB: options.volumeSizeInGb ?? 30,
        ...(props.volumeKeyArn === undefined ? {} : { VolumeKmsKeyId: props.volumeKeyArn }),
      },
    },
    StoppingCondition: { MaxRuntimeInSeconds: (options.maxRuntime ?? Duration.hours(1)).toSeconds() },
    NetworkConfig: {
      EnableNetworkIsolation: options.networkIsolation ?? false,
      ...(network === undefined
        ? {}
        : {
            VpcConfig: {
              Subnets: network.subnets,
              SecurityGroupIds: network.securityGroups.map((group) => group.securityGroupId),
            },
          }),
    },
    Tags: [{ Key: 'modelpress:model', Value: props.modelName }],
  };
}

function program({ options, image, source }: EvaluationRequestProps): Record<string, unknown> {
  const given = options.arguments ?? [];
  if (source === undefined) {
    return { ImageUri: image.imageUri, ...(given.length === 0 ? {} : { ContainerArguments: given }) };
  }
  return {
    ImageUri: image.imageUri,
    ContainerEntrypoint: ['/bin/sh', '-c', RUN_SCRIPT, `${BASE}/input/code`],
    ContainerArguments: [options.entryPoint ?? 'evaluate.py', ...given],
  };
}

function input(name: string, address: Record<string, string>): Record<string, unknown> {
  return {
    InputName: name,
    S3Input: {
      ...address,
      LocalPath: `${BASE}/input/${name}`,
      S3DataType: 'S3Prefix',
      S3InputMode: 'File',
    },
  };
}
