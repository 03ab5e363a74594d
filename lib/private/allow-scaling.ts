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

/** Whose registration it is: that of an endpoint's variant, or that of the inference component on it. */
export interface ScaledEndpoint {
  readonly endpointName: string;
  readonly hasComponent: boolean;
}

/** Actions on the registration of an endpoint's variant or component; its alarms go with it. */
export function allowScaling(
  scope: Construct,
  role: IRole,
  { endpointName, hasComponent }: ScaledEndpoint,
  actions: string[],
): void {
  const stack = Stack.of(scope);
  const [dimension, scaled] = hasComponent
    ? ['sagemaker:inference-component:DesiredCopyCount', `inference-component/${endpointName}-`]
    : ['sagemaker:variant:DesiredInstanceCount', `endpoint/${endpointName}/`];
  allow(role, {
    actions,
    resources: [
      stack.formatArn({ service: 'application-autoscaling', resource: 'scalable-target', resourceName: '*' }),
    ],
    conditions: {
      StringEquals: {
        'application-autoscaling:service-namespace': 'sagemaker',
        'application-autoscaling:scalable-dimension': dimension,
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
        resourceName: `TargetTracking-${scaled}*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    wildcardReason: 'The alarms of this endpoint that target tracking makes, whose names end in ids of their own.',
  });
}

/** What the service does with the rights of whoever registers an endpoint for the first time. */
export function allowScalingOf(scope: Construct, role: IRole, { endpointName, hasComponent }: ScaledEndpoint): void {
  const names = endpointArns(scope, endpointName);
  if (hasComponent) {
    allow(role, {
      actions: ['sagemaker:DescribeInferenceComponent', 'sagemaker:UpdateInferenceComponentRuntimeConfig'],
      resources: [names.component],
    });
  } else {
    allow(role, {
      actions: ['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpointWeightsAndCapacities'],
      resources: [names.endpoint],
    });
    allow(role, {
      actions: ['sagemaker:DescribeEndpointConfig'],
      resources: [names.configs],
      wildcardReason: RELEASE_NAMES_REASON,
    });
  }
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
