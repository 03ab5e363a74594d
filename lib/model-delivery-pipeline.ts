import { Duration, Stack, Stage } from 'aws-cdk-lib';
import { PipelineType } from 'aws-cdk-lib/aws-codepipeline';
import { CodePipeline, CodePipelineSource, ManualApprovalStep, ShellStep } from 'aws-cdk-lib/pipelines';
import { Construct } from 'constructs';
import { DeliverySource } from './delivery-source';
import { DeliveryStageOptions } from './delivery-stage-options';
import { ModelPipeline } from './model-pipeline';
import { createDeliveryArtifacts } from './private/delivery-artifacts';
import { acknowledgeDelivery } from './private/acknowledge-delivery';
import { BuildStep } from './private/build-step';
import { ensure, requireDuration } from './private/validate';

/** How a repository is delivered. */
export interface ModelDeliveryPipelineProps {
  /** The repository with the CDK app that makes this pipeline. */
  readonly source: DeliverySource;
  /**
   * Commands that make the cloud assembly, in the root of the repository.
   *
   * @default ['npm ci', 'npx cdk synth']
   */
  readonly synthCommands?: string[];
  /**
   * Where the commands leave the assembly.
   *
   * @default 'cdk.out'
   */
  readonly synthOutputDirectory?: string;
  /**
   * Whether stages lie in other accounts than the pipeline.
   *
   * @default false
   */
  readonly crossAccount?: boolean;
}

/**
 * Delivers stacks with models from a repository, stage by stage: deploys a stage, runs the builds of its `ModelPipeline`s,
 * waits until what they built serves, and only then, where it is asked for after an approval, goes on to the next. A build
 * that fails, or whose release is refused or rolled back, stops the delivery with the reason. A commit that changes nothing
 * about a model builds nothing. It updates itself with the repository.
 *
 * @example
 * const delivery = new ModelDeliveryPipeline(this, 'Delivery', {
 *   source: { connectionArn, repository: 'example/models' },
 * });
 * delivery.addStage(new DigitsStage(this, 'Test'));
 * delivery.addStage(new DigitsStage(this, 'Production'), { approval: true });
 */
export class ModelDeliveryPipeline extends Construct {
  /** The CDK Pipelines pipeline, for what this construct has no property for. */
  public readonly pipeline: CodePipeline;

  constructor(scope: Construct, id: string, props: ModelDeliveryPipelineProps) {
    super(scope, id);
    const { connectionArn, repository, branch = 'main' } = props.source;
    ensure(/^[\w.-]+(\/[\w.-]+)+$/.test(repository), `source.repository must be owner/name, received: ${repository}`);
    ensure(branch !== '', 'source.branch must name a branch, received nothing');
    const commands = props.synthCommands ?? ['npm ci', 'npx cdk synth'];
    ensure(commands.length > 0, 'synthCommands must have at least one command, received none');
    this.pipeline = new CodePipeline(this, 'Pipeline', {
      pipelineType: PipelineType.V2,
      artifactBucket: createDeliveryArtifacts(this, 'Artifacts'),
      crossAccountKeys: props.crossAccount ?? false,
      // A build job for each of a stack's many functions would cost more than it saves.
      publishAssetsInParallel: false,
      synth: new ShellStep('Synth', {
        input: CodePipelineSource.connection(repository, branch, { connectionArn }),
        commands,
        primaryOutputDirectory: props.synthOutputDirectory,
      }),
    });
    acknowledgeDelivery(this.pipeline);
  }

  /**
   * Deploys a stage after those that were added before, and runs its builds.
   *
   * @param stage Its pipelines must have `runOnDeploy: false`: the delivery runs them, and waits.
   */
  public addStage(stage: Stage, options: DeliveryStageOptions = {}): void {
    const { approval = false, approvalComment: comment, retrain = false } = options;
    const { approvalTimeout = Duration.days(3) } = options;
    requireDuration(approvalTimeout, 'approvalTimeout', 60, 6 * 24 * 3600);
    ensure(comment === undefined || approval, 'approvalComment needs approval: true');
    const models = stage.node.findAll().filter((node): node is ModelPipeline => node instanceof ModelPipeline);
    ensure(models.length > 0, `the stage ${stage.stageName} holds no ModelPipeline; add one to a stack in it`);
    for (const { node, _runsOnDeploy } of models) {
      ensure(!_runsOnDeploy, `${node.path} must have runOnDeploy: false in a delivery, which runs the build itself`);
    }
    const input = retrain ? {} : { ifChanged: true };
    const builds = models.map(
      (it) => new BuildStep(`Build.${Stack.of(it).stackName}.${it.node.id}`, { models: it, input, approvalTimeout }),
    );
    this.pipeline.addStage(stage, {
      pre: approval ? [new ManualApprovalStep('Approve', { comment })] : [],
      post: builds,
    });
  }
}
