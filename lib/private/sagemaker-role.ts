import { Aws, Stack } from 'aws-cdk-lib';
import { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeInlinePolicies, acknowledgeWildcard } from './acknowledge';
import { allow } from './grants';

/** What a job or a hosted model needs besides its data. */
export interface SageMakerRoleProps {
  readonly description: string;
  /** `TrainingJobs` or `Endpoints`: where SageMaker writes its logs and metrics. */
  readonly kind: string;
  readonly vpc?: IVpc;
  readonly vpcSubnets?: SubnetSelection;
  readonly securityGroups?: ISecurityGroup[];
}

/** A role that only SageMaker, on behalf of this account and in this region, can take. */
export function createSageMakerRole(scope: Construct, id: string, props: SageMakerRoleProps): Role {
  const stack = Stack.of(scope);
  const role = new Role(scope, id, {
    description: props.description,
    assumedBy: new ServicePrincipal('sagemaker.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'sagemaker', resource: '*' }) },
      },
    }),
  });
  acknowledgeInlinePolicies(role);
  allowLogs(role, stack, props.kind);
  if (props.vpc !== undefined) allowNetwork(role, stack, props.vpc, props.vpcSubnets, props.securityGroups ?? []);
  return role;
}

function allowLogs(role: IRole, stack: Stack, kind: string): void {
  allow(role, {
    actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
    resources: [`arn:${Aws.PARTITION}:logs:${stack.region}:${stack.account}:log-group:/aws/sagemaker/${kind}*`],
    wildcardReason: 'SageMaker names log groups and streams after jobs and endpoints, which come after the deployment.',
  });
  allow(role, {
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringLike: { 'cloudwatch:namespace': '/aws/sagemaker/*' } },
    wildcardReason: 'These actions take no resource; conditions narrow them where the service has any.',
  });
}

/** SageMaker puts network interfaces into the VPC with the role's permissions. */
function allowNetwork(
  role: IRole,
  stack: Stack,
  vpc: IVpc,
  subnets: SubnetSelection | undefined,
  groups: ISecurityGroup[],
): void {
  const ec2 = (resource: string, name: string): string =>
    stack.formatArn({ service: 'ec2', resource, resourceName: name });
  const interfaces = ec2('network-interface', '*');
  allow(role, {
    actions: [
      'ec2:DescribeDhcpOptions',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
    resources: ['*'],
  });
  allow(role, {
    actions: ['ec2:CreateNetworkInterface'],
    resources: [
      interfaces,
      ...vpc.selectSubnets(subnets).subnetIds.map((subnet) => ec2('subnet', subnet)),
      ...groups.map((group) => ec2('security-group', group.securityGroupId)),
    ],
  });
  allow(role, {
    actions: [
      'ec2:CreateNetworkInterfacePermission',
      'ec2:DeleteNetworkInterface',
      'ec2:DeleteNetworkInterfacePermission',
    ],
    resources: [interfaces],
    conditions: { ArnLikeIfExists: { 'ec2:Vpc': ec2('vpc', vpc.vpcId) } },
  });
  acknowledgeWildcard(
    role,
    interfaces,
    'SageMaker makes the network interfaces itself, in this VPC only; their ids are not known before.',
  );
}
