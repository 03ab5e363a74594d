import { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { ContainerImage, DeepLearningContainer, MlInstanceType, ModelBucket, TrainingJob } from 'modelpress';

export class ImageStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const models = new ModelBucket(this, 'Models');
    const images: Record<string, ContainerImage> = {
      // Any repository and tag of AWS, beyond the constants.
      Aws: DeepLearningContainer.of('pytorch-training', '2.6.0-gpu-py312-cu126-ubuntu22.04-sagemaker'),
      // An image of your own in ECR.
      Own: ContainerImage.fromEcrRepository(Repository.fromRepositoryName(this, 'Images', 'trainers'), '1.4.0'),
      // By its address, in another account, too.
      Other: ContainerImage.fromRegistry('444455556666.dkr.ecr.us-east-1.amazonaws.com/trainers:1.4.0'),
    };
    for (const [name, image] of Object.entries(images)) {
      new TrainingJob(this, name, {
        modelName: 'reviews',
        models,
        image,
        instanceType: MlInstanceType.G5_XLARGE,
        sourceDirectory: 'examples/pytorch-text/training',
      });
    }
  }
}
