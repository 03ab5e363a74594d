import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { CompressionMode, CompressionRecipe, ModelBucket, ModelCompressor, Pruning } from 'modelpress';

export class CompressionStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const compressor = new ModelCompressor(this, 'Compressor', {
      modelName: 'llama',
      models: new ModelBucket(this, 'Models'),
      recipe: CompressionRecipe.w4a16({ groupSize: 128 })
        .withMode(CompressionMode.BEST)
        .withPruning(Pruning.twoOfFour())
        .withIgnore('lm_head')
        .withOverrides({ match: 're:.*down_proj', recipe: CompressionRecipe.w8a16() }),
      memorySize: 5308,
      maxConcurrency: 500,
      timeout: Duration.minutes(10),
    });
    compressor.addSource(Bucket.fromBucketName(this, 'Zoo', 'model-zoo'), 'llama/');
    // Whoever may start it, and a machine that waits for it.
    compressor.grantCompress(new Role(this, 'Starter', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
    new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(compressor.toTask(this, 'Shrink', { sourcePath: '$.model' })),
    });
  }
}
