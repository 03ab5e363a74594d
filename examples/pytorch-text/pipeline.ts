import { DeepLearningContainer, MlInstanceType, ModelFormat } from '../../lib';
import { ExamplePipeline } from '../example-pipeline';

export const pipelines: readonly ExamplePipeline[] = [
  {
    modelName: 'reviews',
    modelFormat: ModelFormat.ONNX,
    recipe: 'int8',
    trainingImage: DeepLearningContainer.PYTORCH_2_13_GPU,
    trainingInstanceType: MlInstanceType.G5_XLARGE,
    evaluationImage: DeepLearningContainer.PYTORCH_2_13_CPU,
    endpointImage: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
    endpointInstanceType: MlInstanceType.C7I_LARGE,
  },
];
