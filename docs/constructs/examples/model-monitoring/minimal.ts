import { Stack } from 'aws-cdk-lib';
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
    new ModelMonitoring(this, 'Monitoring', { pipeline });
  }
}
