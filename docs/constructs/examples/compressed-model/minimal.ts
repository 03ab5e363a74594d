import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { CompressedModel, CompressionRecipe, ModelFormat, ModelSource } from 'modelpress';

export class ModelStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new CompressedModel(this, 'Model', {
      modelName: 'llama',
      modelFormat: ModelFormat.SAFETENSORS,
      source: ModelSource.fromAsset('test/golden/safetensors/llama'), // a folder with *.safetensors
      recipe: CompressionRecipe.w8a16(),
    });
  }
}
