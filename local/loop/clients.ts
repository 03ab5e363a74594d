import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SFNClient } from '@aws-sdk/client-sfn';
import { REGION } from '../aws/local-aws';

/** The unmodified SDK clients, pointed at the local services. */
export interface Clients {
  readonly s3: S3Client;
  readonly states: SFNClient;
  readonly sageMaker: SageMakerClient;
  readonly runtime: SageMakerRuntimeClient;
}

export function makeClients(awsUrl: string, sageMakerUrl: string): Clients {
  const common = { region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  return {
    s3: new S3Client({ ...common, endpoint: awsUrl, forcePathStyle: true }),
    states: new SFNClient({ ...common, endpoint: awsUrl }),
    sageMaker: new SageMakerClient({ ...common, endpoint: sageMakerUrl }),
    runtime: new SageMakerRuntimeClient({ ...common, endpoint: sageMakerUrl }),
  };
}
