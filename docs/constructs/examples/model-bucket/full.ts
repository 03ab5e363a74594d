import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ModelBucket } from 'modelpress';

export class ModelsStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const logs = new ModelBucket(this, 'Logged').bucket;
    const models = new ModelBucket(this, 'Models', {
      rawExpiration: Duration.days(30),
      workExpiration: Duration.days(7),
      compressedExpiration: Duration.days(365),
      noncurrentVersionExpiration: Duration.days(7),
      serverAccessLogsBucket: logs,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const reader = new Role(this, 'Reader', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    models.bucket.grantRead(reader, 'compressed/*');
  }
}
