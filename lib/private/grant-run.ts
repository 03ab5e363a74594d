import { Stack } from 'aws-cdk-lib';
import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { IModelPipeline } from '../model-pipeline-reference';
import { executionArns } from './grant-executions';
import { endpointArns } from './release-places';

/** Starting builds and waiting for them and their releases: `modelpress run --wait`. */
export function grantRun(pipeline: IModelPipeline, grantee: IGrantable): Grant {
  const { buildMachine, releaseMachine, endpointName } = pipeline;
  const machines = [buildMachine, releaseMachine];
  const { endpoint, configs, models } = endpointArns(pipeline, endpointName);
  const permissions: [actions: string[], resourceArns: string[]][] = [
    [['cloudformation:ListStackResources'], [Stack.of(pipeline).stackId]],
    [['states:ListTagsForResource'], machines.map(({ stateMachineArn }) => stateMachineArn)],
    [['states:StartExecution'], [buildMachine.stateMachineArn]],
    [['states:DescribeExecution', 'states:GetExecutionHistory'], machines.map((machine) => executionArns(machine))],
    [
      ['sagemaker:DescribeEndpoint', 'sagemaker:DescribeEndpointConfig', 'sagemaker:DescribeModel'],
      [endpoint, configs, models],
    ],
  ];
  return permissions
    .map(([actions, resourceArns]) => Grant.addToPrincipal({ grantee, actions, resourceArns }))
    .reduce((all, one) => all.combine(one));
}
