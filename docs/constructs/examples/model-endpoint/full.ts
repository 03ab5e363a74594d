import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  CapacitySize,
  CompressedModel,
  DeepLearningContainer,
  EndpointUpdatePolicy,
  MlInstanceType,
  ModelBucket,
  ModelEndpoint,
  ModelFormat,
} from 'modelpress';

export class ServingStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const model = CompressedModel.fromCompressedModelAttributes(this, 'Model', {
      artifact: 's3://models/compressed/llama/b-1/',
      models: new ModelBucket(this, 'Models'),
      modelName: 'llama',
      modelFormat: ModelFormat.SAFETENSORS,
    });
    const endpoint = new ModelEndpoint(this, 'Endpoint', {
      model,
      image: DeepLearningContainer.VLLM_0_27,
      instanceType: MlInstanceType.G6_XLARGE,
      instanceCount: 2,
      endpointName: 'llama',
      environment: { SM_VLLM_MAX_MODEL_LEN: '4096' },
      networkIsolation: true,
      startupTimeout: Duration.minutes(20),
      downloadTimeout: Duration.minutes(30),
      updatePolicy: EndpointUpdatePolicy.canary({ canarySize: CapacitySize.instances(1) }),
      alarms: { maxServerErrorShare: 0.05, maxModelLatency: Duration.seconds(5) },
    });
    endpoint.autoScale({ maxInstanceCount: 4 }).scaleOnInvocations('Load', 300);
    endpoint.grantInvoke(new Role(this, 'Caller', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  }
}
