import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { CompressedModel, CompressionRecipe, ModelBucket, ModelFormat, ModelSource } from 'modelpress';

export class ModelStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const model = new CompressedModel(this, 'Model', {
      modelName: 'llama',
      modelFormat: ModelFormat.SAFETENSORS,
      source: ModelSource.fromBucket(Bucket.fromBucketName(this, 'Zoo', 'model-zoo'), 'llama/'),
      sourceVersion: '2026-11', // another value has the bucket looked at again
      models: new ModelBucket(this, 'Models'),
      recipe: CompressionRecipe.w4a16({ groupSize: 128 }),
      codeDirectory: 'examples/pytorch-text/serving', // with inference.py
      memorySize: 5308,
      maxConcurrency: 500,
      timeout: Duration.minutes(10),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new CfnOutput(this, 'Artifact', { value: model.artifact });
    new CfnOutput(this, 'BytesAfter', { value: model.bytesAfter });
  }
}
