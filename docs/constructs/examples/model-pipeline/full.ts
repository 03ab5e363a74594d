import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import {
  CompressionRecipe,
  DeepLearningContainer,
  EndpointUpdatePolicy,
  MlInstanceType,
  ModelBucket,
  ModelFormat,
  ModelPipeline,
  ReleaseApproval,
  SmokeTest,
} from 'modelpress';

const EXAMPLE = 'examples/tensorflow-digits';

export class DigitsStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const pipeline = new ModelPipeline(this, 'Digits', {
      modelName: 'digits',
      modelFormat: ModelFormat.TFLITE,
      models: new ModelBucket(this, 'Models'),
      training: {
        image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
        instanceType: MlInstanceType.G5_XLARGE,
        sourceDirectory: `${EXAMPLE}/training`,
        hyperparameters: { epochs: 20 },
        spot: true,
        maxRuntime: Duration.hours(1),
        maxWait: Duration.hours(4),
      },
      compression: { recipe: CompressionRecipe.int8() },
      limits: { minCompressionRatio: 3, maxRelativeError: 0.05 },
      evaluation: {
        image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
        instanceType: MlInstanceType.M7I_XLARGE,
        sourceDirectory: `${EXAMPLE}/evaluation`, // with evaluate.py
        limits: [{ metric: 'accuracy', maxDrop: 0.01 }],
      },
      approval: ReleaseApproval.MANUAL,
      endpoint: {
        image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
        instanceType: MlInstanceType.C7I_LARGE,
        instanceCount: 2,
        endpointName: 'digits',
        codeDirectory: `${EXAMPLE}/serving`,
        updatePolicy: EndpointUpdatePolicy.linear(),
        shadowTest: { samplingPercentage: 50, duration: Duration.hours(1) },
        smokeTest: SmokeTest.fromDirectory(`${EXAMPLE}/golden`, { absoluteTolerance: 0.1 }),
        scaling: { minInstanceCount: 2, maxInstanceCount: 4, invocationsPerInstance: 300 },
        alarms: { maxModelLatency: Duration.seconds(1) },
        dataCapture: { samplingPercentage: 5 },
        keepReleases: 10,
      },
      runOnNewModel: {},
      runOnSchedule: ScheduleExpression.cron({ weekDay: 'MON', hour: '3', minute: '0' }),
    });
    pipeline.notifications.topic.addSubscription(new EmailSubscription('models@example.com'));
    pipeline.grantInvoke(new Role(this, 'Caller', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  }
}
