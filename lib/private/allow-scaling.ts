import { ArnFormat, Stack } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { allow } from './grants';
import { endpointArns, RELEASE_NAMES_REASON } from './release-places';

/** The alarm that brings an endpoint back from no instances at all; the functions name it so, too. */
export function wakeAlarmName(endpointName: string): string {
  return `${endpointName}-without-capacity`;
}

const SERVICE = 'sagemaker.application-autoscaling.amazonaws.com';

/** Actions on the registration of an endpoint's variant; its alarms go with it. */
export function allowScaling(scope: Construct, role: IRole, endpointName: string, actions: string[]): void {
  const stack = Stack.of(scope);
  allow(role, {
    actions,
    resources: [
      stack.formatArn({ service: 'application-autoscaling', resource: 'scalable-target', resourceName: '*' }),
    ],
    conditions: {
      StringEquals: {
        'application-autoscaling:service-namespace': 'sagemaker',
        'application-autoscaling:scalable-dimension': 'sagemaker:variant:DesiredInstanceCount',
      },
    },
    wildcardReason: 'The service gives registrations ids of its own; the conditions let in those of SageMaker only.',
  });
  allow(role, {
    actions: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms', 'cloudwatch:DeleteAlarms'],
    resources: [
      stack.formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName: wakeAlarmName(endpointName),
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
      stack.formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName: `TargetTracking-endpoint/${endpointName}/*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    wildcardReason: 'The alarms of this endpoint that target tracking makes, whose names end in ids of their own.',
  });
}

/** What the service does with the rights of whoever registers an endpoint for the first time. */
export function allowScalingOf(scope: Construct, role: IRole, endpointName: string): void {
  const names = endpointArns(scope, endpointName);
  allow(role, {
    actions: ['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpointWeightsAndCapacities'],
    resources: [names.endpoint],
  });
  allow(role, {
    actions: ['sagemaker:DescribeEndpointConfig'],
    resources: [names.configs],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, {
    actions: ['iam:CreateServiceLinkedRole'],
    resources: [
      Stack.of(scope).formatArn({
        service: 'iam',
        region: '',
        resource: `role/aws-service-role/${SERVICE}`,
        resourceName: 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
      }),
    ],
    conditions: { StringEquals: { 'iam:AWSServiceName': SERVICE } },
  });
}
