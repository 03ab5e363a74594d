import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DeepLearningContainer, MlInstanceType, ModelBucket, TrainingJob } from 'modelpress';

export class ImageStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new TrainingJob(this, 'Training', {
      modelName: 'reviews',
      models: new ModelBucket(this, 'Models'),
      image: DeepLearningContainer.HUGGINGFACE_PYTORCH_TRAINING_2_9_GPU,
      instanceType: MlInstanceType.G5_XLARGE,
      sourceDirectory: 'examples/pytorch-text/training',
    });
  }
}
