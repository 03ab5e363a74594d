import { DeepLearningContainer, MlInstanceType, ModelFormat } from '../../lib';
import { ExamplePipeline } from '../example-pipeline';

/** Pairs from all over the tables, for what the model says of anybody and any film. */
const ANYBODY = Array.from({ length: 32 }, (_, index) => `${index * 93},${index * 62}`).join('\n');

export const pipelines: readonly ExamplePipeline[] = [
  {
    modelName: 'films',
    modelFormat: ModelFormat.TFLITE,
    recipe: 'int8',
    trainingImage: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_GPU,
    trainingInstanceType: MlInstanceType.G5_XLARGE,
    evaluationImage: DeepLearningContainer.TENSORFLOW_TRAINING_2_21_CPU,
    endpointImage: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
    endpointInstanceType: MlInstanceType.C7I_LARGE,
    explainer: {
      baseline: ANYBODY,
      featureHeaders: ['user', 'film'],
      labelHeaders: ['disliked', 'liked'],
      maxRecordCount: 1000,
    },
  },
];
