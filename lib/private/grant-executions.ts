import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';

/** Starting a machine, and seeing what became of it. */
export function grantStartAndDescribe(machine: IStateMachine, grantee: IGrantable): Grant {
  const start = Grant.addToPrincipal({
    grantee,
    actions: ['states:StartExecution'],
    resourceArns: [machine.stateMachineArn],
  });
  return start.combine(
    Grant.addToPrincipal({ grantee, actions: ['states:DescribeExecution'], resourceArns: [executionArns(machine)] }),
  );
}

/** ARN pattern of a machine's executions. */
export function executionArns(machine: IStateMachine): string {
  const stack = Stack.of(machine);
  const { resourceName = '*', ...arn } = stack.splitArn(machine.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME);
  return stack.formatArn({
    ...arn,
    resource: 'execution',
    resourceName: `${resourceName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
