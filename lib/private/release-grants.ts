import { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { allowScaling } from './allow-scaling';
import { allow, allowVolumeGrant } from './grants';
import { Hosting } from './hosting';
import { endpointArns, RELEASE_NAMES_REASON } from './release-places';

/** Making models and configs that SageMaker runs with the hosting role. */
export function allowMaking(scope: Construct, role: IRole, endpointName: string, hosting: Hosting): void {
  const arns = endpointArns(scope, endpointName);
  allow(role, {
    actions: ['sagemaker:CreateModel', 'sagemaker:AddTags'],
    resources: [arns.models],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, {
    actions: ['sagemaker:CreateEndpointConfig', 'sagemaker:AddTags'],
    resources: [arns.configs],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, {
    actions: ['iam:PassRole'],
    resources: [hosting.role.roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
  });
}

/** Moving the endpoint from one config to another; creating and updating an endpoint is checked against its config, too. */
export function allowMoving(
  scope: Construct,
  role: IRole,
  endpointName: string,
  hosting: Hosting,
  more: string[] = [],
): void {
  const arns = endpointArns(scope, endpointName);
  allow(role, {
    actions: ['sagemaker:UpdateEndpoint', ...more],
    resources: [arns.endpoint, arns.configs],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, { actions: ['sagemaker:DescribeEndpoint'], resources: [arns.endpoint] });
  allow(role, {
    actions: ['sagemaker:DescribeEndpointConfig'],
    resources: [arns.configs],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allowVolumeGrant(role, hosting.volumeKey);
  if (hosting.scaling !== undefined)
    allowScaling(scope, role, hosting.scaled, ['application-autoscaling:DeregisterScalableTarget']);
}

/** Making, moving and removing the inference component that runs the model on the endpoint. */
export function allowComponent(scope: Construct, role: IRole, endpointName: string, hosting: Hosting): void {
  const arns = endpointArns(scope, endpointName);
  allow(role, {
    actions: ['sagemaker:CreateInferenceComponent', 'sagemaker:UpdateInferenceComponent'],
    resources: [arns.component, arns.endpoint, arns.models],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, {
    actions: ['sagemaker:DescribeInferenceComponent', 'sagemaker:DeleteInferenceComponent', 'sagemaker:AddTags'],
    resources: [arns.component],
  });
  if (hosting.scaling !== undefined)
    allowScaling(scope, role, hosting.scaled, ['application-autoscaling:DeregisterScalableTarget']);
}
