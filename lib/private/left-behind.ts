import { Duration, Stack } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { JsonPath, StateMachine, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { acknowledgeInlinePolicies } from './acknowledge';
import { allowGivingUp } from './allow-giving-up';
import { FunctionTask } from './function-task';
import { executionArns } from './grant-executions';
import { allow } from './grants';
import { HandlerFunction } from './handler-function';
import { createMachine } from './machine';

export interface LeftBehindProps {
  readonly modelName: string;
  readonly models: IModelBucket;
  /** The machine whose ends are waited for. */
  readonly buildMachine: StateMachine;
  /** How long a function of a build that ended can go on. */
  readonly functionTimeout: Duration;
  /**
   * Whether executions may be told which build to make, and several the same one.
   *
   * @default false
   */
  readonly sharesBuilds?: boolean;
}

/** Clocks differ, and events take some seconds. */
const MARGIN_SECONDS = 60;

/**
 * Removes what builds leave behind that fail, are stopped or time out. A machine that is stopped runs no state any more,
 * and the functions that it had called go on; so another machine comes by when those are over. Input: `{ execution }`, the
 * build's ARN.
 */
export class LeftBehind extends Construct {
  public readonly machine: StateMachine;
  /** Removes what an execution left behind that has ended. */
  public readonly removeFunction: IFunction;
  private readonly eventRole: Role;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: LeftBehindProps,
  ) {
    super(scope, id);
    const { buildMachine, functionTimeout, modelName, models, sharesBuilds = false } = props;
    const handler = new HandlerFunction(this, 'Remove', {
      handler: 'left-behind',
      description: `Removes what builds of the model ${modelName} left behind`,
      timeout: Duration.minutes(15),
      memorySize: 1024,
      logEncryptionKey: models.logEncryptionKey,
    });
    this.removeFunction = handler.function;
    allowGivingUp(handler.role, models, modelName);
    allow(handler.role, {
      actions: ['states:DescribeExecution'],
      resources: [executionArns(buildMachine)],
      wildcardReason: 'The executions of the one build machine, whose names come with each build.',
    });
    if (sharesBuilds)
      allow(handler.role, { actions: ['states:ListExecutions'], resources: [buildMachine.stateMachineArn] });
    const wait = new Wait(this, 'Wait', {
      stateName: 'FunctionsMayGoOn',
      comment: 'Longer than any function that the build had called.',
      time: WaitTime.duration(Duration.seconds(functionTimeout.toSeconds() + MARGIN_SECONDS)),
    });
    const remove = new FunctionTask(this, 'RemoveState', {
      stateName: 'RemoveLeftBehind',
      comment: 'Aborts open uploads and removes half an artifact; one that is whole stays.',
      function: handler.function,
      event: {
        'execution.$': '$.execution',
        bucket: models.bucket.bucketName,
        model: modelName,
        lingerSeconds: functionTimeout.toSeconds(),
        ...(sharesBuilds ? { stateMachineArn: buildMachine.stateMachineArn } : {}),
      },
      resultPath: JsonPath.DISCARD,
    }).retried();
    this.machine = createMachine(this, 'Machine', {
      start: wait.next(remove),
      comment: `Removes what builds of the model ${modelName} left behind`,
      logEncryptionKey: models.logEncryptionKey,
    });
    this.eventRole = new Role(this, 'EventRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    acknowledgeInlinePolicies(this.eventRole);
  }

  /** Starts the machine behind every build that did not succeed. */
  public watch(scope: Construct, id: string): Rule {
    const { buildMachine, modelName } = this.props;
    return new Rule(scope, id, {
      description: `Builds of the model ${modelName} that may have left something behind`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [buildMachine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      targets: [
        new SfnStateMachine(this.machine, {
          role: this.eventRole,
          input: RuleTargetInput.fromObject({ execution: EventField.fromPath('$.detail.executionArn') }),
        }),
      ],
    });
  }
}
