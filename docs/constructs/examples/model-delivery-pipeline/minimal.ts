import { Stack, Stage } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import {
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelDeliveryPipeline,
  ModelFormat,
  ModelPipeline,
} from 'modelpress';

class DigitsStage extends Stage {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new ModelPipeline(new Stack(this, 'Digits'), 'Pipeline', {
      modelName: 'digits',
      modelFormat: ModelFormat.TFLITE,
      training: {
        image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
        instanceType: MlInstanceType.G5_XLARGE,
        sourceDirectory: 'examples/tensorflow-digits/training',
      },
      compression: { recipe: CompressionRecipe.int8() },
      endpoint: {
        image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
        instanceType: MlInstanceType.C7I_LARGE,
        codeDirectory: 'examples/tensorflow-digits/serving',
      },
      runOnDeploy: false, // the delivery starts the builds
    });
  }
}

export class DeliveryStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const connectionArn = 'arn:aws:codeconnections:us-east-1:111122223333:connection/0123';
    const delivery = new ModelDeliveryPipeline(this, 'Delivery', {
      source: { connectionArn, repository: 'example/models' },
    });
    delivery.addStage(new DigitsStage(this, 'Test'));
    delivery.addStage(new DigitsStage(this, 'Production'), { approval: true });
  }
}
