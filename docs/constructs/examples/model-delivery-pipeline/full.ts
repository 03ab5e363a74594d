import { Stack, Stage, StageProps } from 'aws-cdk-lib';
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
  constructor(scope: Construct, id: string, props?: StageProps) {
    super(scope, id, props);
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
      runOnDeploy: false,
    });
  }
}

export class DeliveryStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id, { env: { account: '444455556666', region: 'eu-west-1' } });
    const connectionArn = 'arn:aws:codeconnections:eu-west-1:444455556666:connection/0123';
    const delivery = new ModelDeliveryPipeline(this, 'Delivery', {
      source: { connectionArn, repository: 'example/models', branch: 'release' },
      synthCommands: ['npm ci', 'npm test', 'npx cdk synth -o out'],
      synthOutputDirectory: 'out',
      crossAccount: true,
    });
    delivery.addStage(new DigitsStage(this, 'Test', { env: { account: '444455556666', region: 'eu-west-1' } }));
    delivery.addStage(new DigitsStage(this, 'Production', { env: { account: '111122223333', region: 'eu-west-1' } }), {
      approval: true,
      approvalComment: 'Compare the errors of the two builds first.',
      retrain: true, // at every delivery, whether or not an input changed
    });
  }
}
