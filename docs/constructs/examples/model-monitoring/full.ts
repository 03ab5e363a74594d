import { Stack } from 'aws-cdk-lib';
import { Alarm, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelFormat,
  ModelMonitoring,
  ModelPipeline,
} from 'modelpress';

export class WatchedStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const pipeline = new ModelPipeline(this, 'Digits', {
      modelName: 'digits',
      modelFormat: ModelFormat.TFLITE,
      compression: { recipe: CompressionRecipe.int8() },
      endpoint: {
        image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
        instanceType: MlInstanceType.C7I_LARGE,
        codeDirectory: 'examples/tensorflow-digits/serving',
      },
    });
    const monitoring = new ModelMonitoring(this, 'Monitoring', {
      pipeline,
      dashboardName: 'digits',
      alarmTopic: new Topic(this, 'OnCall', { masterKey: new Key(this, 'OnCallKey', { enableKeyRotation: true }) }),
    });
    monitoring.dashboard.addWidgets(new TextWidget({ markdown: 'Runbook: https://example.com/digits' }));
    // Every number is a metric, for alarms of your own.
    new Alarm(this, 'Bloated', {
      metric: pipeline.buildMetrics.metricCompressedSize(),
      threshold: 200_000,
      evaluationPeriods: 1,
    });
  }
}
