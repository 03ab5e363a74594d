import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { s3 } from '../../lambda/support/stores';

/** Clients that read credentials, region and endpoints as every AWS tool does: from the environment and `~/.aws`. */
export interface Clients {
  readonly formation: CloudFormationClient;
  readonly states: SFNClient;
  readonly sageMaker: SageMakerClient;
  readonly s3: S3Client;
}

export function makeClients(): Clients {
  return {
    formation: new CloudFormationClient(),
    states: new SFNClient(),
    sageMaker: new SageMakerClient(),
    s3,
  };
}
