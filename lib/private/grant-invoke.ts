import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';

/** Calling an endpoint, or the inference component on it, with answers at once, in pieces, or later. */
export function grantInvoke(endpointArn: string, grantee: IGrantable, componentArn?: string): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: [
      'sagemaker:InvokeEndpoint',
      'sagemaker:InvokeEndpointWithResponseStream',
      'sagemaker:InvokeEndpointAsync',
    ],
    resourceArns: [endpointArn, ...(componentArn === undefined ? [] : [componentArn])],
  });
}
