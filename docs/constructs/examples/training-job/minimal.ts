import { Stack } from 'aws-cdk-lib';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { DeepLearningContainer, MlInstanceType, ModelBucket, TrainingJob } from 'modelpress';

export class TrainingStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const training = new TrainingJob(this, 'Training', {
      modelName: 'digits',
      models: new ModelBucket(this, 'Models'),
      image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
      instanceType: MlInstanceType.G5_XLARGE,
      sourceDirectory: 'examples/tensorflow-digits/training', // with train.py
    });
    // Input: { "trainingJobName": "digits-1", "build": "1" }
    new StateMachine(this, 'Machine', { definitionBody: DefinitionBody.fromChainable(training.toState('Train')) });
  }
}
