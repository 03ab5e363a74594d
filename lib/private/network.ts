import { ISecurityGroup, IVpc, SecurityGroup, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { ensure } from './validate';

export interface Network {
  readonly vpc: IVpc;
  readonly subnets: string[];
  readonly securityGroups: ISecurityGroup[];
}

/** Subnets and groups for jobs or endpoints in a VPC; undefined where there is none. */
export function createNetwork(
  scope: Construct,
  vpc: IVpc | undefined,
  selection: SubnetSelection | undefined,
  groups: ISecurityGroup[] | undefined,
): Network | undefined {
  if (vpc === undefined) return undefined;
  const subnets = vpc.selectSubnets(selection).subnetIds;
  ensure(
    subnets.length >= 1 && subnets.length <= 16,
    `vpcSubnets must select 1 to 16 subnets, selected: ${subnets.length}`,
  );
  const securityGroups = groups ?? [
    new SecurityGroup(scope, 'SecurityGroup', { vpc, description: `Lets nothing in to ${scope.node.path}` }),
  ];
  return { vpc, subnets, securityGroups };
}
