import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { ContainerImageConfig } from '../container-image';
import { Network } from './network';

/** What the requests of all kinds of jobs are made from. */
export interface JobRequestProps<Options> {
  readonly options: Options;
  readonly modelName: string;
  readonly bucketName: string;
  readonly image: ContainerImageConfig;
  readonly roleArn: string;
  readonly source?: Asset;
  readonly network?: Network;
  readonly volumeKeyArn?: string;
  readonly outputKeyArn?: string;
  readonly jobNamePath: string;
  readonly buildPath: string;
}
