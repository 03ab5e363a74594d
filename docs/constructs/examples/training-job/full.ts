import { Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { DeepLearningContainer, MlInstanceType, ModelBucket, TrainingInputMode, TrainingJob } from 'modelpress';

export class TrainingStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const data = Bucket.fromBucketName(this, 'Data', 'training-data');
    const training = new TrainingJob(this, 'Training', {
      modelName: 'digits',
      models: new ModelBucket(this, 'Models'),
      image: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
      instanceType: MlInstanceType.G5_XLARGE,
      sourceDirectory: 'examples/tensorflow-digits/training',
      entryPoint: 'train.py',
      hyperparameters: { epochs: 20 },
      environment: { TF_CPP_MIN_LOG_LEVEL: '1' },
      channels: [{ name: 'train', bucket: data, prefix: 'digits/', inputMode: TrainingInputMode.FAST_FILE }],
      spot: true,
      maxRuntime: Duration.hours(2),
      maxWait: Duration.hours(30),
      checkpoints: true,
      metrics: [{ name: 'loss', regex: 'loss: ([0-9.]+)' }],
    });
    new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(
        training.toState('Train', { jobNamePath: '$.job', buildPath: '$.version', resultPath: '$.trained' }),
      ),
    });
  }
}
