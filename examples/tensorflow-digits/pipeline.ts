import { DeepLearningContainer, MlInstanceType, ModelFormat } from '../../lib';
import { ExamplePipeline } from '../example-pipeline';

export const pipelines: readonly ExamplePipeline[] = [
  {
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    recipe: 'int8',
    trainingImage: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
    trainingInstanceType: MlInstanceType.G5_XLARGE,
    evaluationImage: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_CPU,
    endpointImage: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
    endpointInstanceType: MlInstanceType.C7I_LARGE,
  },
];
