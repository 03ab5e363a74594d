import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';

/** Calling an endpoint, answers in pieces included. */
export function grantInvoke(endpointArn: string, grantee: IGrantable): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'],
    resourceArns: [endpointArn],
  });
}
