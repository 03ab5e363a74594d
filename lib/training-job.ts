import { ResourceEnvironment, Stack } from 'aws-cdk-lib';
import { Connections } from 'aws-cdk-lib/aws-ec2';
import { IPrincipal, IRole, Role } from 'aws-cdk-lib/aws-iam';
import { JsonPath, TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ITrainingJob, TrainingJobAttributes, TrainingJobProps, TrainingStateOptions } from './training-job-props';
import { acknowledgeWildcard } from './private/acknowledge';
import { allowKey, allowList, allowObjects, allowVolumeKey } from './private/grants';
import { allowPull } from './private/image-pull';
import { digest } from './private/digest';
import { createJobEnvironment, JobEnvironment } from './private/job-environment';
import { JobTask } from './private/job-task';
import { RAW } from './private/prefixes';
import { createSageMakerRole } from './private/sagemaker-role';
import { TRAINING_TAG } from './private/tags';
import { trainingRequest } from './private/training-request';
import { requireModelName } from './private/validate';
import { validateTraining } from './private/validate-training';

/**
 * A SageMaker training job as a state for Step Functions, with a role of its own. Every execution of the state is one
 * job; its output is uncompressed, so that it can be read by range.
 *
 * @example
 * const training = new TrainingJob(this, 'Training', {
 *   modelName: 'digits',
 *   models,
 *   image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
 *   instanceType: MlInstanceType.G5_XLARGE,
 *   sourceDirectory: 'training',
 * });
 * training.toState('Train').next(compressor.toStates('Compression'));
 */
export class TrainingJob extends Construct implements ITrainingJob {
  /** Refers to training jobs that another stack owns: grant them more, or watch them. */
  public static fromTrainingJobAttributes(
    scope: Construct,
    id: string,
    attributes: TrainingJobAttributes,
  ): ITrainingJob {
    class Import extends Construct implements ITrainingJob {
      public readonly role = attributes.role;
      public readonly grantPrincipal = attributes.role.grantPrincipal;
      public readonly connections = new Connections({ securityGroups: attributes.securityGroups ?? [] });
      public readonly jobArns = jobArns(this, attributes.modelName, attributes.role.env);
    }
    return new Import(scope, id);
  }

  /** The role that the job runs with. */
  public readonly role: IRole;
  public readonly grantPrincipal: IPrincipal;
  public readonly connections: Connections;
  /** ARN pattern of the jobs. */
  public readonly jobArns: string;

  private readonly environment: JobEnvironment;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: TrainingJobProps,
  ) {
    super(scope, id);
    requireModelName(props.modelName);
    validateTraining(props);
    this.environment = createJobEnvironment(this, props);
    this.connections = this.environment.connections;
    this.role = this.createRole();
    this.grantPrincipal = this.role.grantPrincipal;
    this.jobArns = jobArns(this, props.modelName);
  }

  /**
   * The state that trains. The machine's role gets what it needs: starting and stopping jobs named after the model, and
   * passing them this role.
   *
   * @param id Name of the state.
   */
  public toState(id: string, options: TrainingStateOptions = {}): TaskStateBase {
    return new JobTask(this, id, {
      kind: 'TrainingJob',
      comment: 'Trains the model on SageMaker and waits for the end.',
      request: this.request(options),
      roleArn: this.role.roleArn,
      jobArns: this.jobArns,
      volumeKey: this.environment.volumeKey,
      resultPath: options.resultPath ?? '$.raw',
      resultSelector: {
        source: JsonPath.stringAt('$.ModelArtifacts.S3ModelArtifacts'),
        trainingJobName: JsonPath.stringAt('$.TrainingJobName'),
        trainingJobArn: JsonPath.stringAt('$.TrainingJobArn'),
      },
    });
  }

  /**
   * Digest of all that decides what the training results in. Every job carries it as a tag, so that a build can find a
   * model that was trained in the same way.
   *
   * @internal
   */
  public _inputsDigest(): string {
    return digest(this, this.untagged({}));
  }

  private request(options: TrainingStateOptions): Record<string, unknown> {
    return {
      ...this.untagged(options),
      Tags: [
        { Key: 'modelpress:model', Value: this.props.modelName },
        { Key: TRAINING_TAG, Value: this._inputsDigest() },
      ],
    };
  }

  private untagged(options: TrainingStateOptions): Record<string, unknown> {
    return trainingRequest(this, {
      options: this.props,
      modelName: this.props.modelName,
      bucketName: this.props.models.bucket.bucketName,
      image: this.environment.image,
      roleArn: this.role.roleArn,
      source: this.environment.source,
      network: this.environment.network,
      volumeKeyArn: this.environment.volumeKey?.keyArn,
      outputKeyArn: this.props.models.encryptionKey?.keyArn,
      jobNamePath: options.jobNamePath ?? '$.trainingJobName',
      buildPath: options.buildPath ?? '$.build',
    });
  }

  /**
   * Records for security scanners why the role of a machine with this state names jobs by a pattern.
   *
   * @internal
   */
  public _acknowledgeJobs(machine: Construct): void {
    acknowledgeWildcard(
      machine,
      this.jobArns,
      'Every build is a new job; the pattern covers only the jobs of this model.',
    );
  }

  private createRole(): Role {
    const { models, modelName, channels = [], vpc, vpcSubnets } = this.props;
    const role = createSageMakerRole(this, 'Role', {
      description: `Training of the model ${modelName}`,
      kind: 'TrainingJobs',
      vpc,
      vpcSubnets,
      securityGroups: this.environment.network?.securityGroups,
    });
    allowPull(role, this.environment.image);
    allowObjects(role, models.bucket, `${RAW}/${modelName}/`, [
      's3:GetObject',
      's3:PutObject',
      's3:AbortMultipartUpload',
    ]);
    allowList(role, models.bucket, [`${RAW}/${modelName}/`]);
    allowKey(role, models.encryptionKey, 'write');
    allowVolumeKey(role, this.environment.volumeKey);
    if (this.environment.source !== undefined) {
      allowObjects(role, this.environment.source.bucket, '', ['s3:GetObject'], '*.tgz');
    }
    for (const { bucket, prefix, encryptionKey } of channels) {
      allowObjects(role, bucket, prefix, ['s3:GetObject']);
      allowList(role, bucket, [prefix]);
      allowKey(role, encryptionKey ?? bucket.encryptionKey, 'read');
    }
    return role;
  }
}

function jobArns(scope: Construct, modelName: string, where?: ResourceEnvironment): string {
  return Stack.of(scope).formatArn({
    account: where?.account,
    region: where?.region,
    service: 'sagemaker',
    resource: 'training-job',
    resourceName: `${modelName}-*`,
  });
}
