import { Duration, Stack } from 'aws-cdk-lib';
import { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import { IGrantable, IPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { JsonPath, TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { BuildMetrics } from './build-metrics';
import { EvaluationStateOptions, ModelEvaluationProps } from './model-evaluation-props';
import { acknowledgeWildcard } from './private/acknowledge';
import { evaluationRequest } from './private/evaluation-request';
import { FunctionTask } from './private/function-task';
import { allowKey, allowList, allowMetrics, allowObjects, allowVolumeKey } from './private/grants';
import { HandlerFunction } from './private/handler-function';
import { allowPull } from './private/image-pull';
import { createJobEnvironment, JobEnvironment } from './private/job-environment';
import { JobTask } from './private/job-task';
import { COMPRESSED, EVALUATION, RAW } from './private/prefixes';
import { Registration } from './private/registration';
import { createSageMakerRole } from './private/sagemaker-role';
import { ensure, requireModelName } from './private/validate';
import { validateEvaluation } from './private/validate-evaluation';

/**
 * Runs an evaluation of the raw and the compressed model as a SageMaker processing job, and compares what it measured
 * with limits. The program finds the models in `/opt/ml/processing/input/raw` and `…/compressed`, and writes
 * `/opt/ml/processing/output/metrics.json`: `{ "raw": { "accuracy": 0.97 }, "compressed": { "accuracy": 0.96 } }`.
 *
 * @example
 * const evaluation = new ModelEvaluation(this, 'Evaluation', {
 *   modelName: 'digits',
 *   models,
 *   pipelineName: 'digits',
 *   image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
 *   instanceType: MlInstanceType.M7I_XLARGE,
 *   sourceDirectory: 'evaluation', // with evaluate.py
 *   limits: [{ metric: 'accuracy', maxDrop: 0.01 }],
 * });
 * evaluation.toJobState('Evaluate').next(evaluation.toGateState('EvaluationGate'));
 */
export class ModelEvaluation extends Construct implements IGrantable, IConnectable {
  /** The role that the job runs with. */
  public readonly role: Role;
  public readonly grantPrincipal: IPrincipal;
  public readonly connections: Connections;
  /** ARN pattern of the jobs. */
  public readonly jobArns: string;

  private readonly environment: JobEnvironment;
  private readonly gate: HandlerFunction;
  private group?: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ModelEvaluationProps,
  ) {
    super(scope, id);
    requireModelName(props.modelName);
    validateEvaluation(props);
    this.environment = createJobEnvironment(this, props);
    this.connections = this.environment.connections;
    this.role = this.createRole();
    this.grantPrincipal = this.role.grantPrincipal;
    this.jobArns = Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'processing-job',
      resourceName: `${props.modelName}-*`,
    });
    this.gate = this.createGate();
  }

  /**
   * The state that evaluates. Writes `{ address, jobName, jobArn }` to `$.evaluation`.
   *
   * @param id Name of the state.
   */
  public toJobState(id: string, options: EvaluationStateOptions = {}): TaskStateBase {
    const { modelName, models } = this.props;
    return new JobTask(this, id, {
      kind: 'ProcessingJob',
      comment: 'Measures the raw and the compressed model and waits for the end.',
      request: evaluationRequest({
        options: this.props,
        modelName,
        bucketName: models.bucket.bucketName,
        image: this.environment.image,
        roleArn: this.role.roleArn,
        source: this.environment.source,
        network: this.environment.network,
        volumeKeyArn: this.environment.volumeKey?.keyArn,
        outputKeyArn: models.encryptionKey?.keyArn,
        jobNamePath: options.jobNamePath ?? '$.evaluationJobName',
        buildPath: options.buildPath ?? '$.build',
        rawPath: options.rawPath ?? '$.raw.source',
        artifactPath: options.artifactPath ?? '$.plan.artifact',
      }),
      roleArn: this.role.roleArn,
      jobArns: this.jobArns,
      volumeKey: this.environment.volumeKey,
      resultPath: '$.evaluation',
      resultSelector: {
        address: JsonPath.stringAt('$.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri'),
        jobName: JsonPath.stringAt('$.ProcessingJobName'),
        jobArn: JsonPath.stringAt('$.ProcessingJobArn'),
      },
    });
  }

  /**
   * The state that compares the metrics at `$.evaluation.address` with the limits; fails with `GateFailed`, or with
   * `InvalidMetrics` where there is nothing to compare. Writes them to `$.evaluated`.
   *
   * @param id Name of the state.
   */
  public toGateState(id: string): TaskStateBase {
    return new FunctionTask(this, id, {
      comment: 'Compares the metrics of both models with the limits.',
      function: this.gate.function,
      event: {
        'evaluation.$': '$.evaluation.address',
        pipeline: this.props.pipelineName,
        limits: this.props.limits,
        ...(this.group === undefined ? {} : { group: this.group, 'artifact.$': '$.plan.artifact' }),
      },
      resultPath: '$.evaluated',
    }).retried();
  }

  /**
   * Lets the gates that are made from now on refuse versions that wait for approval and do not pass.
   *
   * @internal
   */
  public _refuseIn(registration: Registration): void {
    this.group = registration.groupName;
    registration.allowRefusing(this.gate);
  }

  /** The metrics that have limits, and are published for each build. */
  public get metricNames(): string[] {
    return this.props.limits.map(({ metric }) => metric);
  }

  /**
   * Lets raw models be read from another bucket.
   *
   * @param prefix The folder in it, ending in a slash, or nothing for all of it.
   */
  public addSource(bucket: IBucket, prefix: string = ''): void {
    ensure(prefix === '' || prefix.endsWith('/'), `the prefix of a source must end in a slash, received: ${prefix}`);
    allowObjects(this.role, bucket, prefix, ['s3:GetObject']);
    allowList(this.role, bucket, [prefix]);
    allowKey(this.role, bucket.encryptionKey, 'read');
  }

  /**
   * All that decides whether a model passes.
   *
   * @internal
   */
  public _inputs(): Record<string, unknown> {
    const { limits, image: _image, ...options } = this.props;
    return {
      limits,
      image: this.environment.image.imageUri,
      source: this.environment.source?.assetHash,
      entryPoint: options.entryPoint,
      arguments: options.arguments,
      environment: options.environment,
      inputs: options.inputs?.map(({ name, bucket, prefix }) => [name, bucket.bucketName, prefix]),
    };
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
      'Every evaluation is a new job; the pattern covers only the jobs of this model.',
    );
  }

  private createGate(): HandlerFunction {
    const { modelName, models } = this.props;
    const handler = new HandlerFunction(this, 'Gate', {
      handler: 'evaluation-gate',
      description: `Compares the metrics of the model ${modelName} with its limits`,
      timeout: Duration.minutes(1),
      logEncryptionKey: models.logEncryptionKey,
    });
    const place = `${EVALUATION}/${modelName}/`;
    allowObjects(handler.role, models.bucket, place, ['s3:GetObject'], '*/metrics.json');
    allowList(handler.role, models.bucket, [place], true);
    allowKey(handler.role, models.encryptionKey, 'read');
    allowMetrics(handler.role, BuildMetrics.NAMESPACE);
    return handler;
  }

  private createRole(): Role {
    const { models, modelName, inputs = [], vpc, vpcSubnets } = this.props;
    const role = createSageMakerRole(this, 'Role', {
      description: `Evaluation of the model ${modelName}`,
      kind: 'ProcessingJobs',
      vpc,
      vpcSubnets,
      securityGroups: this.environment.network?.securityGroups,
    });
    const [raw, compressed, evaluation] = [RAW, COMPRESSED, EVALUATION].map((prefix) => `${prefix}/${modelName}/`);
    allowPull(role, this.environment.image);
    for (const place of [raw, compressed]) allowObjects(role, models.bucket, place, ['s3:GetObject']);
    allowObjects(role, models.bucket, evaluation, ['s3:PutObject', 's3:AbortMultipartUpload']);
    allowList(role, models.bucket, [raw, compressed]);
    allowKey(role, models.encryptionKey, 'write');
    allowVolumeKey(role, this.environment.volumeKey);
    if (this.environment.source !== undefined)
      allowObjects(role, this.environment.source.bucket, '', ['s3:GetObject'], '*.tgz');
    if (this.environment.source !== undefined)
      allowList(role, this.environment.source.bucket, [this.environment.source.s3ObjectKey]);
    for (const { bucket, prefix, encryptionKey } of inputs) {
      allowObjects(role, bucket, prefix, ['s3:GetObject']);
      allowList(role, bucket, [prefix]);
      allowKey(role, encryptionKey ?? bucket.encryptionKey, 'read');
    }
    return role;
  }
}
