import { ArnFormat, CfnOutput, Duration, Stack, Token } from 'aws-cdk-lib';
import {
  ActionBindOptions,
  ActionCategory,
  ActionConfig,
  CommonAwsActionProps,
  IStage,
} from 'aws-cdk-lib/aws-codepipeline';
import { Action } from 'aws-cdk-lib/aws-codepipeline-actions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import {
  CodePipelineActionFactoryResult,
  ICodePipelineActionFactory,
  ProduceActionOptions,
  StackOutputReference,
  Step,
} from 'aws-cdk-lib/pipelines';
import { Construct } from 'constructs';
import { ModelPipeline } from '../model-pipeline';
import { acknowledgeWildcard } from './acknowledge';

/** Names of state machines have 80 characters, of which CloudFormation needs some. */
const LONGEST_KNOWN_NAME = 60;

export interface BuildStepProps {
  readonly models: ModelPipeline;
  /** The build machine's input. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly approvalTimeout: Duration;
}

/**
 * Runs a build and waits until it is released, by CodePipeline's own action for Step Functions: nothing has to run
 * meanwhile. The machine is in a stack that is deployed by the same pipeline, so its ARN is an output of that stack.
 */
export class BuildStep extends Step implements ICodePipelineActionFactory {
  private readonly machine: StateMachine;
  private readonly machineArn: StackOutputReference;

  constructor(
    id: string,
    private readonly props: BuildStepProps,
  ) {
    super(id);
    const { models } = props;
    this.machine = models._createDelivery(props.approvalTimeout);
    const output = new CfnOutput(models, 'DeliveryMachineArn', {
      description: 'What the delivery pipeline runs',
      value: this.machine.stateMachineArn,
    });
    this.machineArn = StackOutputReference.fromCfnOutput(output);
  }

  /** What the deployment of the stack has to tell. */
  public override get consumedStackOutputs(): StackOutputReference[] {
    return [this.machineArn];
  }

  public produceAction(stage: IStage, options: ProduceActionOptions): CodePipelineActionFactoryResult {
    const { models, input } = this.props;
    const action = new RunMachineAction({
      actionName: options.actionName,
      runOrder: options.runOrder,
      variablesNamespace: options.variablesNamespace,
      machineArn: options.stackOutputsMap.toCodePipeline(this.machineArn),
      machineArns: this.machineArns(options.scope),
      input,
      ...elsewhere(options.scope, models),
    });
    stage.addAction(action);
    return { runOrdersConsumed: 1 };
  }

  /** ARNs that the machine can have: CloudFormation names it after its logical id and ends the name with its own letters. */
  private machineArns(scope: Construct): string {
    const { models } = this.props;
    const logicalId = Stack.of(models).getLogicalId(this.machine.node.defaultChild as CfnStateMachine);
    return Stack.of(scope).formatArn({
      ...elsewhere(scope, models),
      service: 'states',
      resource: 'stateMachine',
      resourceName:
        logicalId.length > LONGEST_KNOWN_NAME ? `${logicalId.slice(0, LONGEST_KNOWN_NAME)}*` : `${logicalId}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}

interface RunMachineActionProps extends CommonAwsActionProps {
  /** A variable of the pipeline. */
  readonly machineArn: string;
  /** Pattern of what it can be. */
  readonly machineArns: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly account?: string;
  readonly region?: string;
}

/** The CDK's own action asks for a state machine that is known while the pipeline is made. */
class RunMachineAction extends Action {
  constructor(private readonly props: RunMachineActionProps) {
    const { actionName, runOrder, variablesNamespace, account, region } = props;
    super({
      actionName,
      runOrder,
      variablesNamespace,
      account,
      region,
      category: ActionCategory.INVOKE,
      provider: 'StepFunctions',
      artifactBounds: { minInputs: 0, maxInputs: 1, minOutputs: 0, maxOutputs: 1 },
    });
  }

  protected override bound(_scope: Construct, _stage: IStage, { role }: ActionBindOptions): ActionConfig {
    const { machineArn, machineArns: machines, input } = this.props;
    const executions = `${machines.replace(':stateMachine:', ':execution:')}:*`;
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['states:StartExecution', 'states:DescribeStateMachine'], resources: [machines] }),
    );
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] }));
    for (const resource of [machines, executions]) {
      acknowledgeWildcard(
        role,
        resource,
        'CloudFormation ends the name of the one state machine with letters of its own; executions are named as they start.',
      );
    }
    return {
      configuration: {
        StateMachineArn: machineArn,
        ExecutionNamePrefix: 'delivery',
        InputType: 'Literal',
        Input: JSON.stringify(input),
      },
    };
  }
}

/** Account and region of a stack that is not deployed where the pipeline is. */
function elsewhere(scope: Construct, models: ModelPipeline): { readonly account?: string; readonly region?: string } {
  const { account, region } = Stack.of(models);
  const here = Stack.of(scope);
  return {
    ...(Token.isUnresolved(account) || account === here.account ? {} : { account }),
    ...(Token.isUnresolved(region) || region === here.region ? {} : { region }),
  };
}
