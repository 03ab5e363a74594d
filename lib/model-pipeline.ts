import { Duration, Names, RemovalPolicy, Tags } from 'aws-cdk-lib';
import { IGrantable, Grant } from 'aws-cdk-lib/aws-iam';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { BuildMetrics } from './build-metrics';
import { EndpointAlarms } from './endpoint-alarms';
import { EndpointMetrics } from './endpoint-metrics';
import { IModelBucket, ModelBucket } from './model-bucket';
import { ModelCompressor } from './model-compressor';
import { ModelEvaluation } from './model-evaluation';
import { ModelPipelineProps } from './model-pipeline-props';
import { IModelPipeline, ModelPipelineAttributes } from './model-pipeline-reference';
import { PipelineNotifications } from './pipeline-notifications';
import { grantAskingAsync } from './private/async-places';
import { BuildMachine } from './private/build-machine';
import { CleanUp } from './private/clean-up';
import { createTriggers } from './private/create-triggers';
import { DeliveryMachine } from './private/delivery-machine';
import { digest } from './private/digest';
import { grantInvoke } from './private/grant-invoke';
import { grantRun } from './private/grant-run';
import { Hosting } from './private/hosting';
import { LeftBehind } from './private/left-behind';
import { Registration } from './private/registration';
import { ReleaseMachine } from './private/release-machine';
import { endpointArns } from './private/release-places';
import { renderLimits } from './private/render-limits';
import { BUCKET_TAG, ENDPOINT_TAG, INPUTS_TAG, MACHINE_TAG, MODEL_TAG } from './private/tags';
import { ensure, requireDuration, requireModelName } from './private/validate';
import { validatePairing } from './private/validate-endpoint';
import { ReleaseApproval } from './release-approval';
import { TrainingJob } from './training-job';

/**
 * Trains, compresses and releases a model. Deploying it makes a build machine and a release machine; builds make the
 * endpoint and update it under the same name. Deleting it removes the endpoint, and keeps the bucket.
 *
 * @example
 * new ModelPipeline(this, 'Digits', {
 *   modelName: 'digits',
 *   modelFormat: ModelFormat.TFLITE,
 *   training: {
 *     image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
 *     instanceType: MlInstanceType.G5_XLARGE,
 *     sourceDirectory: 'training',
 *   },
 *   compression: { recipe: CompressionRecipe.int8() },
 *   endpoint: {
 *     image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
 *     instanceType: MlInstanceType.C7I_LARGE,
 *     codeDirectory: 'serving',
 *   },
 * });
 */
export class ModelPipeline extends Construct implements IModelPipeline {
  /** Refers to a pipeline that exists. */
  public static fromModelPipelineAttributes(
    scope: Construct,
    id: string,
    attributes: ModelPipelineAttributes,
  ): IModelPipeline {
    class Import extends Construct implements IModelPipeline {
      public readonly buildMachine = StateMachine.fromStateMachineArn(this, 'Build', attributes.buildMachineArn);
      public readonly releaseMachine = StateMachine.fromStateMachineArn(this, 'Release', attributes.releaseMachineArn);
      public readonly endpointName = attributes.endpointName;

      public grantInvoke(grantee: IGrantable): Grant {
        const { account, region } = this.buildMachine.env;
        const { component, endpoint } = endpointArns(this, this.endpointName, { account, region });
        return grantInvoke(endpoint, grantee, attributes.hasInferenceComponent ? component : undefined);
      }
    }
    return new Import(scope, id);
  }

  /** Where models are kept. */
  public readonly models: IModelBucket;
  /** Trains, if the pipeline does. */
  public readonly training?: TrainingJob;
  /** Compresses. */
  public readonly compressor: ModelCompressor;
  /** Evaluates, if the pipeline does. */
  public readonly evaluation?: ModelEvaluation;
  /**
   * Builds the trained model of its input, `{ "source": "s3://…/" }`: compresses it, judges it, registers it, starts the
   * release. With `{}` it trains first, with `{ "ifChanged": true }` it does what a deployment would; either starts the
   * build of the model as another execution of the same machine, `model-…`, or joins it.
   */
  public readonly buildMachine: IStateMachine;
  /** Releases an artifact. Input `{ "build": "<name>" }` or `{ "artifact": "s3://…/" }`. */
  public readonly releaseMachine: IStateMachine;
  /** Name of the endpoint. It exists from the first release on. */
  public readonly endpointName: string;
  /** Numbers of the endpoint, for dashboards and alarms. */
  public readonly endpointMetrics: EndpointMetrics;
  /** Alarms on the endpoint, which roll updates back. */
  public readonly endpointAlarms: EndpointAlarms;
  /** Numbers of each build, for dashboards and alarms. */
  public readonly buildMetrics: BuildMetrics;
  /** Tells of failures: `notifications.topic.addSubscription(new EmailSubscription('us@example.com'))`. */
  public readonly notifications: PipelineNotifications;

  /**
   * Whether a deployment starts builds.
   *
   * @internal
   */
  public readonly _runsOnDeploy: boolean;
  /**
   * Whether an inference component runs the model.
   *
   * @internal
   */
  public readonly _hasComponent: boolean;

  private readonly modelName: string;
  private readonly statusInterval: Duration;
  private readonly build: BuildMachine;
  private readonly registration: Registration;
  private readonly cleanUp: CleanUp;
  private readonly isAsync: boolean;

  constructor(scope: Construct, id: string, props: ModelPipelineProps) {
    super(scope, id);
    requireModelName(props.modelName);
    requireDuration(props.statusInterval, 'statusInterval', 1, 300);
    ensure(
      props.models === undefined || props.removalPolicy === undefined,
      'removalPolicy is for the bucket that the pipeline makes; whoever made `models` decides what becomes of it',
    );
    const { modelName } = props;
    this.modelName = modelName;
    this.statusInterval = props.statusInterval ?? Duration.seconds(15);
    this._runsOnDeploy = props.runOnDeploy ?? true;
    this.models = props.models ?? this.createBucket(props.removalPolicy);
    this.endpointName = props.endpoint.endpointName ?? this.uniqueName();
    const { models, endpointName } = this;
    const hosting = new Hosting(this, 'Hosting', { modelName, models, endpointName, endpoint: props.endpoint });
    this.isAsync = hosting.isAsync;
    this._hasComponent = hosting.componentName !== undefined;
    validatePairing(props.modelFormat, props.compression.recipe, props.endpoint, hosting.image);
    this.training = props.training && new TrainingJob(this, 'Training', { ...props.training, modelName, models });
    this.compressor = new ModelCompressor(this, 'Compressor', {
      ...props.compression,
      modelName,
      models,
      servingCode: hosting.code,
      createStateMachine: false,
    });
    this.evaluation =
      props.evaluation &&
      new ModelEvaluation(this, 'Evaluation', { ...props.evaluation, modelName, models, pipelineName: endpointName });
    const release = new ReleaseMachine(this, 'ReleaseMachine', {
      endpointName,
      modelName,
      models,
      hosting,
      statusInterval: this.statusInterval,
    });
    const compressionDigest = digest(this, {
      recipe: props.compression.recipe._render(),
      code: hosting.code?.assetHash,
    });
    const specificationDigest = digest(this, hosting.specification);
    const approval = props.approval ?? ReleaseApproval.AUTOMATIC;
    const evaluated = this.evaluation?._inputs();
    const gatesDigest = digest(this, [renderLimits(props.limits), evaluated]);
    const evaluationDigest = evaluated && digest(this, { ...evaluated, limits: undefined });
    const registration = new Registration(this, 'Registration', {
      modelName,
      endpointName,
      models,
      hosting,
      approval,
      gatesDigest,
      evaluationDigest,
    });
    this.registration = registration;
    const inputsDigest = digest(this, [modelName, compressionDigest, specificationDigest]);
    const build = new BuildMachine(this, 'BuildMachine', {
      modelName,
      training: this.training,
      compressor: this.compressor,
      limits: props.limits,
      evaluation: this.evaluation,
      registration,
      approval,
      releaseMachine: release.machine,
      models,
      endpointName,
      inputsDigest,
      compressionDigest,
      gatesDigest,
      evaluationDigest,
      specificationDigest: specificationDigest.slice(0, 8),
    });
    this.build = build;
    if (this._hasComponent) build.changes.allowComponent();
    this.buildMachine = build.machine;
    this.releaseMachine = release.machine;
    this.buildMetrics = build.metrics;
    this.endpointMetrics = new EndpointMetrics({ endpointName, inferenceComponentName: hosting.componentName });
    this.endpointAlarms = hosting.alarms;
    const leftBehind = new LeftBehind(this, 'LeftBehind', {
      modelName,
      models,
      buildMachine: build.machine,
      functionTimeout: this.compressor._timeout,
    });
    this.notifications = new PipelineNotifications(this, 'Notifications', {
      ...props.notifications,
      modelName,
      endpointName,
      buildMachine: build.machine,
      releaseMachine: release.machine,
      cleanUpMachine: leftBehind.machine,
      approval,
      encryptionKey: models.encryptionKey,
      logEncryptionKey: models.logEncryptionKey,
    });
    const cleanUp = this.createCleanUp(build, release, hosting, registration, leftBehind);
    this.cleanUp = cleanUp;
    // These go before the clean-up does, as triggers do, so that nothing is started that it does not stop.
    leftBehind.watch(this, 'FailedBuilds').node.addDependency(cleanUp);
    if (approval === ReleaseApproval.MANUAL) {
      const approvals = new Construct(this, 'Approvals');
      registration.releaseApproved(approvals, release.machine, this.notifications.topic);
      approvals.node.addDependency(cleanUp);
    }
    this.tagMachines(modelName, inputsDigest);
    const triggers = createTriggers(this, {
      ...props,
      models,
      machine: build.machine,
      topic: this.notifications.topic,
      inputsDigest,
      // What serves is judged by gates that were moved, and a build that did not pass them deserves another try.
      runDigest: digest(this, [inputsDigest, this.training?._inputsDigest(), gatesDigest]),
    });
    if (triggers.newModel !== undefined) this.addSource(triggers.newModel.bucket, triggers.newModel.prefix);
    // They go before the clean-up does, so that nothing is started that it does not stop.
    triggers.all.forEach((trigger) => trigger.node.addDependency(cleanUp));
  }

  /** Lets an identity call the endpoint and, where answers come later, put requests into the bucket and read the answers. */
  public grantInvoke(grantee: IGrantable): Grant {
    const { component, endpoint } = endpointArns(this, this.endpointName);
    const grant = grantInvoke(endpoint, grantee, this._hasComponent ? component : undefined);
    return this.isAsync ? grant.combine(grantAskingAsync(grantee, this.models, this.endpointName)) : grant;
  }

  /** Lets an identity start builds and wait for them and their releases: `modelpress run --wait`. */
  public grantRun(grantee: IGrantable): Grant {
    const grant = grantRun(this, grantee);
    if (!this._hasComponent) return grant;
    const { component } = endpointArns(this, this.endpointName);
    const actions = ['sagemaker:DescribeInferenceComponent'];
    return grant.combine(Grant.addToPrincipal({ grantee, actions, resourceArns: [component] }));
  }

  /**
   * Lets builds read models from another bucket.
   *
   * @param prefix The folder in it, ending in a slash, or nothing for all of it.
   */
  public addSource(bucket: IBucket, prefix: string = ''): void {
    this.compressor.addSource(bucket, prefix);
    this.evaluation?.addSource(bucket, prefix);
    this.build.addSource(bucket, prefix);
  }

  /**
   * What a delivery runs: builds, and waits for the release.
   *
   * @internal
   */
  public _createDelivery(approvalTimeout: Duration): StateMachine {
    const delivery = new DeliveryMachine(this, 'Delivery', {
      modelName: this.modelName,
      models: this.models,
      buildMachine: this.buildMachine,
      releaseMachine: this.releaseMachine,
      packages: this.registration.packages,
      approvalTimeout,
      interval: this.statusInterval,
    });
    delivery.node.addDependency(this.cleanUp);
    return delivery.machine;
  }

  /** So that the command line finds the pipeline in its stack. */
  private tagMachines(modelName: string, inputsDigest: string): void {
    const machines = { build: this.buildMachine, release: this.releaseMachine };
    for (const [kind, machine] of Object.entries(machines)) {
      const tags = Tags.of(machine);
      tags.add(MACHINE_TAG, kind);
      tags.add(MODEL_TAG, modelName);
      tags.add(ENDPOINT_TAG, this.endpointName);
      tags.add(BUCKET_TAG, this.models.bucket.bucketName);
      tags.add(INPUTS_TAG, inputsDigest);
    }
  }

  private createCleanUp(
    build: BuildMachine,
    release: ReleaseMachine,
    hosting: Hosting,
    registration: Registration,
    leftBehind: LeftBehind,
  ): CleanUp {
    const cleanUp = new CleanUp(this, 'CleanUp', {
      endpointName: this.endpointName,
      buildMachine: build.machine,
      releaseMachine: release.machine,
      leftBehindMachine: leftBehind.machine,
      models: this.models,
      hosting,
      registration,
    });
    // The endpoint needs its role, and running builds need theirs, until they are gone. Only then is a bucket empty for good.
    cleanUp.node.addDependency(build, release, leftBehind, hosting, registration, this.compressor, this.models);
    for (const part of [this.training, this.evaluation]) if (part !== undefined) cleanUp.node.addDependency(part);
    return cleanUp;
  }

  private createBucket(removalPolicy?: RemovalPolicy): ModelBucket {
    return new ModelBucket(this, 'Models', {
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY ? true : undefined,
    });
  }

  private uniqueName(): string {
    return Names.uniqueResourceName(this, { maxLength: 46, separator: '-' }).toLowerCase();
  }
}
