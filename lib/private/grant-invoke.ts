import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';

/** Calling an endpoint, with answers at once, in pieces, or later. */
export function grantInvoke(endpointArn: string, grantee: IGrantable): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: [
      'sagemaker:InvokeEndpoint',
      'sagemaker:InvokeEndpointWithResponseStream',
      'sagemaker:InvokeEndpointAsync',
    ],
    resourceArns: [endpointArn],
  });
}
