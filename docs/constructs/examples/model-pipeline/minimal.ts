import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { CompressionRecipe, DeepLearningContainer, MlInstanceType, ModelFormat, ModelPipeline } from 'modelpress';

export class DigitsStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new ModelPipeline(this, 'Digits', {
      modelName: 'digits',
      modelFormat: ModelFormat.TFLITE,
      training: {
        image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
        instanceType: MlInstanceType.G5_XLARGE,
        sourceDirectory: 'examples/tensorflow-digits/training', // with train.py
      },
      compression: { recipe: CompressionRecipe.int8() },
      endpoint: {
        image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
        instanceType: MlInstanceType.C7I_LARGE,
        codeDirectory: 'examples/tensorflow-digits/serving', // with inference.py
      },
    });
  }
}
