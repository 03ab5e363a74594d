import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ModelBucket } from 'modelpress';

export class ModelsStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new ModelBucket(this, 'Models');
  }
}
