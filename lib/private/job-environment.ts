import { Connections, ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { ContainerImage, ContainerImageConfig } from '../container-image';
import { MlInstanceType } from '../ml-instance-type';
import { IModelBucket } from '../model-bucket';
import { createNetwork, Network } from './network';
import { createSourceAsset } from './source-asset';

/** What every job of SageMaker is told to run, and where. */
export interface JobEnvironmentProps {
  readonly models: IModelBucket;
  readonly image: ContainerImage;
  readonly instanceType: MlInstanceType;
  readonly sourceDirectory?: string;
  readonly vpc?: IVpc;
  readonly vpcSubnets?: SubnetSelection;
  readonly securityGroups?: ISecurityGroup[];
  readonly volumeEncryptionKey?: IKey;
}

export interface JobEnvironment {
  readonly image: ContainerImageConfig;
  readonly source?: Asset;
  readonly network?: Network;
  /** Encrypts the instances' volumes; instances with a disk of their own do that themselves. */
  readonly volumeKey?: IKey;
  readonly connections: Connections;
}

export function createJobEnvironment(scope: Construct, props: JobEnvironmentProps): JobEnvironment {
  const image = props.image.bind(scope);
  const source = createSourceAsset(scope, props.sourceDirectory);
  const network = createNetwork(scope, props.vpc, props.vpcSubnets, props.securityGroups);
  const volumeKey = props.instanceType.hasLocalDisk
    ? undefined
    : (props.volumeEncryptionKey ?? props.models.encryptionKey);
  const connections = new Connections({ securityGroups: network?.securityGroups ?? [] });
  return { image, source, network, volumeKey, connections };
}
