/**
 * The app that `cdk deploy` deploys: one stack that trains, compresses and releases an example's model.
 *
 * Settings come from the CDK's context (`cdk.json`, or `-c modelpress:recipe=fp16`) and, before that, the environment
 * (`MODELPRESS_RECIPE=fp16`):
 *
 * | context | default | what |
 * | --- | --- | --- |
 * | `modelpress:stackName` | `modelpress`, and the example's name if it is not the default | name of the stack |
 * | `modelpress:example` | `tensorflow-digits` | folder in `examples/` |
 * | `modelpress:modelFormat` | the first in the example's `pipeline.ts` | what the model is exported as |
 * | `modelpress:modelName` | the example's, `digits` | name of the model |
 * | `modelpress:recipe` | the example's, `int8` | how weights are compressed: a method of the format, or `none` (with `prune`) |
 * | `modelpress:prune` | none | share of weights to prune before, `0.5`, or `2:4` |
 * | `modelpress:mode` | `best` | `best` or `exact` |
 * | `modelpress:trainingInstanceType` | the example's, `ml.g5.xlarge` | what trains |
 * | `modelpress:endpointInstanceType` | the example's, `ml.c7i.large` | what serves |
 * | `modelpress:maxAccuracyDrop` | `0.02` | how much less accurate the compressed model may be, 0 to 1 |
 * | `modelpress:approval` | `automatic` | `manual`: a person approves each release in the model registry |
 * | `modelpress:endpointName` | made from the stack's name | name of the endpoint |
 * | `modelpress:hyperparameters` | `{}` | arguments of the training script, as JSON |
 * | `modelpress:spot` | `false` | train on spare capacity |
 * | `modelpress:removeModels` | `false` | empty and remove the bucket, too, when the stack is deleted |
 * | `modelpress:runOnDeploy` | `true` | build when a deployment changed something |
 * | `modelpress:schedule` | none | when to train anew: `rate(7 days)`, `cron(0 3 ? * MON *)`, in UTC |
 * | `modelpress:statusInterval` | `15` | seconds between looks at the endpoint while it changes |
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, AppProps, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { MlInstanceType, ModelPipeline, SmokeTest } from '../lib';
import { AppSettings, readSettings } from './app-settings';

/** Makes the app. It synthesizes without credentials and without a network. */
export function createApp(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  props: AppProps = {},
): App {
  const app = new App(props);
  const settings = readSettings((key) => app.node.tryGetContext(key) as unknown, environment);
  const stack = new Stack(app, settings.stackName, {
    description: `modelpress: trains, compresses and releases the model ${settings.modelName}`,
  });
  const pipeline = createPipeline(stack, settings);
  const outputs = {
    ModelBucketName: [pipeline.models.bucket.bucketName, 'Where models are kept'],
    BuildStateMachineArn: [pipeline.buildMachine.stateMachineArn, 'Start it to build'],
    ReleaseStateMachineArn: [
      pipeline.releaseMachine.stateMachineArn,
      'Start it with {"artifact":"s3://…/"} to release',
    ],
    EndpointName: [pipeline.endpointName, 'Exists from the first release on'],
    UploadPlace: [
      `s3://${pipeline.models.bucket.bucketName}/uploads/${settings.modelName}/`,
      'Put trained models here',
    ],
    NotificationTopicArn: [pipeline.notifications.topic.topicArn, 'Subscribe to hear of builds and releases that fail'],
  };
  for (const [name, [value, description]] of Object.entries(outputs))
    new CfnOutput(stack, name, { value, description });
  return app;
}

function createPipeline(stack: Stack, settings: AppSettings): ModelPipeline {
  const { pipeline } = settings;
  const folder = resolve(__dirname, '..', 'examples', settings.example);
  return new ModelPipeline(stack, 'Pipeline', {
    modelName: settings.modelName,
    modelFormat: pipeline.modelFormat,
    training: {
      image: pipeline.trainingImage,
      instanceType: settings.trainingInstanceType,
      sourceDirectory: join(folder, 'training'),
      hyperparameters: settings.hyperparameters,
      maxRuntime: Duration.hours(1),
      ...(settings.spot ? { spot: true, maxWait: Duration.hours(4) } : {}),
    },
    compression: { recipe: settings.recipe },
    evaluation: {
      image: pipeline.evaluationImage,
      instanceType: MlInstanceType.M7I_XLARGE,
      sourceDirectory: join(folder, 'evaluation'),
      limits: [{ metric: 'accuracy', maxDrop: settings.maxAccuracyDrop }],
    },
    approval: settings.approval,
    endpoint: {
      image: pipeline.endpointImage,
      instanceType: settings.endpointInstanceType,
      endpointName: settings.endpointName,
      codeDirectory: join(folder, 'serving'),
      explainer: pipeline.explainer,
      ...(existsSync(join(folder, 'golden')) ? { smokeTest: SmokeTest.fromDirectory(join(folder, 'golden')) } : {}),
    },
    removalPolicy: settings.removeModels ? RemovalPolicy.DESTROY : undefined,
    runOnDeploy: settings.runOnDeploy,
    runOnNewModel: {},
    runOnSchedule: settings.schedule,
    statusInterval: settings.statusInterval,
  });
}

if (require.main === module) createApp().synth();
