import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import {
  CompressedModel,
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelEndpoint,
  ModelFormat,
  ModelSource,
} from 'modelpress';

export class ServingStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const model = new CompressedModel(this, 'Model', {
      modelName: 'llama',
      modelFormat: ModelFormat.SAFETENSORS,
      source: ModelSource.fromAsset('test/golden/safetensors/llama'),
      recipe: CompressionRecipe.w8a16(),
    });
    new ModelEndpoint(this, 'Endpoint', {
      model,
      image: DeepLearningContainer.VLLM_0_27,
      instanceType: MlInstanceType.G6_XLARGE,
    });
  }
}
