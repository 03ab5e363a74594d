import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { acknowledgeInlinePolicies } from './acknowledge';
import { createTrigger, TriggerProps } from './trigger';

export interface RunOnScheduleProps extends TriggerProps {
  readonly expression: ScheduleExpression;
}

/** Trains anew at fixed times. */
export class RunOnSchedule extends Construct {
  constructor(scope: Construct, id: string, props: RunOnScheduleProps) {
    super(scope, id);
    const { expression, modelName } = props;
    const { function: target } = createTrigger(this, 'Handler', {
      ...props,
      handler: 'run-on-schedule',
      description: `Trains the model ${modelName} at scheduled times`,
      timeout: Duration.minutes(1),
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }));
    acknowledgeInlinePolicies(role);
    const schedule = new CfnSchedule(this, 'Schedule', {
      description: `Trainings of the model ${modelName}`,
      scheduleExpression: expression.expressionString,
      scheduleExpressionTimezone: expression.timeZone?.timezoneName,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify({ scheduledTime: '<aws.scheduler.scheduled-time>' }),
      },
    });
    schedule.node.addDependency(role);
  }
}
