import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';

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

/** ARN of a machine's execution of that name; by default the pattern of all. */
export function executionArns(machine: IStateMachine, name = '*'): string {
  const stack = Stack.of(machine);
  const place =
    machine instanceof StateMachine
      ? { service: 'states', resourceName: machine.stateMachineName }
      : stack.splitArn(machine.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME);
  return stack.formatArn({
    ...place,
    resource: 'execution',
    resourceName: `${place.resourceName}:${name}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
