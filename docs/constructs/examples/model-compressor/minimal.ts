import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { CompressionRecipe, ModelBucket, ModelCompressor } from 'modelpress';

export class CompressionStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    // Start its machine with { "source": "s3://…/raw/llama/…/" }.
    new ModelCompressor(this, 'Compressor', {
      modelName: 'llama',
      models: new ModelBucket(this, 'Models'),
      recipe: CompressionRecipe.w4a16(),
    });
  }
}
