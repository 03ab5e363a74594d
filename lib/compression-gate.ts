import { Duration } from 'aws-cdk-lib';
import { TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { BuildMetrics } from './build-metrics';
import { CompressionLimits } from './compression-limits';
import { IModelBucket } from './model-bucket';
import { FunctionTask } from './private/function-task';
import { allowKey, allowList, allowMetrics, allowObjects } from './private/grants';
import { HandlerFunction } from './private/handler-function';
import { COMPRESSED } from './private/prefixes';
import { Registration } from './private/registration';
import { renderLimits } from './private/render-limits';
import { requireModelName } from './private/validate';

/** What a `CompressionGate` is made of. */
export interface CompressionGateProps {
  /** The model's name, 1 to 24 lower-case letters, digits and hyphens. */
  readonly modelName: string;
  /** Where its artifacts are. */
  readonly models: IModelBucket;
  /** What the numbers of each build are filed under in CloudWatch. Unique in the account and region. */
  readonly pipelineName: string;
  /**
   * What a compressed model must keep.
   *
   * @default - an error smaller than the weights themselves
   */
  readonly limits?: CompressionLimits;
}

/** Where the state finds what differs from build to build. */
export interface CompressionGateStateOptions {
  /**
   * Path of the artifact's S3 address in the input.
   *
   * @default - `$.plan.artifact`
   */
  readonly artifactPath?: string;
  /**
   * Where the numbers go: `{ bytesBefore, bytesAfter, relativeError, sqnrDb?, sparsity }`.
   *
   * @default - `$.compression`
   */
  readonly resultPath?: string;
}

/**
 * Reads the manifest of a finished artifact, publishes its numbers, and fails with `GateFailed`, naming the worst
 * tensors, where they do not keep the limits.
 *
 * @example
 * const gate = new CompressionGate(this, 'Gate', { modelName: 'llama', models, pipelineName: 'llama', limits: { minSqnrDb: 20 } });
 * compressor.toStates('Compression').next(gate.toState('CompressionGate'));
 */
export class CompressionGate extends Construct {
  /** Numbers of the builds that came to the gate. */
  public readonly metrics: BuildMetrics;

  private readonly handler: HandlerFunction;
  private readonly limits: Record<string, unknown>;
  private group?: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CompressionGateProps,
  ) {
    super(scope, id);
    const { modelName, models, pipelineName } = props;
    requireModelName(modelName);
    this.limits = renderLimits(props.limits);
    this.metrics = new BuildMetrics({ pipelineName });
    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'compression-gate',
      description: `Compares artifacts of the model ${modelName} with its limits`,
      timeout: Duration.minutes(2),
      // The manifest of a checkpoint with a hundred thousand tensors has tens of megabytes.
      memorySize: 1024,
      logEncryptionKey: models.logEncryptionKey,
    });
    const { role } = this.handler;
    allowObjects(role, models.bucket, `${COMPRESSED}/${modelName}/`, ['s3:GetObject'], '*/manifest.json');
    allowList(role, models.bucket, [`${COMPRESSED}/${modelName}/`], true);
    allowKey(role, models.encryptionKey, 'read');
    allowMetrics(role, BuildMetrics.NAMESPACE);
  }

  /**
   * The state of the gate. The machine's role gets what it needs.
   *
   * @param id Name of the state.
   */
  public toState(id: string, options: CompressionGateStateOptions = {}): TaskStateBase {
    return new FunctionTask(this, id, {
      comment: 'Compares error, sparsity and size with the limits.',
      function: this.handler.function,
      event: {
        'artifact.$': options.artifactPath ?? '$.plan.artifact',
        pipeline: this.props.pipelineName,
        limits: this.limits,
        ...(this.group === undefined ? {} : { group: this.group }),
      },
      resultPath: options.resultPath ?? '$.compression',
    }).retried();
  }

  /**
   * Lets the states that are made from now on refuse versions that wait for approval and do not pass.
   *
   * @internal
   */
  public _refuseIn(registration: Registration): void {
    this.group = registration.groupName;
    registration.allowRefusing(this.handler);
  }
}
