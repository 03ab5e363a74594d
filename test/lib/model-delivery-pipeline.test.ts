import { App, Duration, Stack, Stage, StageProps } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { DeliverySource, ModelDeliveryPipeline, ModelDeliveryPipelineProps, ModelPipeline } from '../../lib';
import { Json } from './support/definition';
import { newApp, pipelineProps } from './support/pipelines';

const source: DeliverySource = {
  connectionArn: 'arn:aws:codeconnections:eu-west-1:111122223333:connection/11111111-2222-3333-4444-555555555555',
  repository: 'example/models',
};
const HERE = { account: '111122223333', region: 'eu-west-1' };

class DigitsStage extends Stage {
  constructor(app: App, id: string, props: StageProps & { readonly runOnDeploy?: boolean } = {}) {
    super(app, id, { env: HERE, ...props });
    const stack = new Stack(this, 'Digits');
    new ModelPipeline(stack, 'Pipeline', pipelineProps({ runOnDeploy: props.runOnDeploy ?? false }));
  }
}

interface Delivered {
  readonly app: App;
  readonly delivery: ModelDeliveryPipeline;
  readonly stack: Stack;
}

function deliver(props: Partial<ModelDeliveryPipelineProps> = {}): Delivered {
  const app = newApp();
  const stack = new Stack(app, 'Delivery', { env: HERE });
  return { app, stack, delivery: new ModelDeliveryPipeline(stack, 'Delivery', { source, ...props }) };
}

/** The pipeline's stages, each with its actions in their order. */
function stagesOf(stack: Stack): { readonly Name: string; readonly Actions: Json[] }[] {
  const [pipeline] = Object.values(Template.fromStack(stack).findResources('AWS::CodePipeline::Pipeline'));
  const { Stages } = (pipeline as { Properties: { Stages: { Name: string; Actions: Json[] }[] } }).Properties;
  return Stages.map(({ Name, Actions }) => ({
    Name,
    Actions: [...Actions].sort((a, b) => Number(a.RunOrder) - Number(b.RunOrder)),
  }));
}

describe('a delivery', () => {
  test('synthesizes, updates itself, deploys stage after stage, and runs each build in between', () => {
    const { app, stack, delivery } = deliver();
    delivery.addStage(new DigitsStage(app, 'Test'));
    delivery.addStage(new DigitsStage(app, 'Production'), { approval: true, approvalComment: 'Look at the errors.' });
    const stages = stagesOf(stack);
    expect(stages.map(({ Name }) => Name)).toEqual([
      'Source',
      'Build',
      'UpdatePipeline',
      'Assets',
      'Test',
      'Production',
    ]);
    expect(stages[4].Actions.map(({ Name }) => Name)).toEqual([
      'Digits.Prepare',
      'Digits.Deploy',
      'Build.Test-Digits.Pipeline',
    ]);
    expect(stages[5].Actions.map(({ Name }) => Name)).toEqual([
      'Approve',
      'Digits.Prepare',
      'Digits.Deploy',
      'Build.Production-Digits.Pipeline',
    ]);
    expect(stages[5].Actions[0]).toMatchObject({
      ActionTypeId: { Provider: 'Manual' },
      Configuration: { CustomData: 'Look at the errors.' },
    });
    Template.fromStack(stack).hasResourceProperties('AWS::CodePipeline::Pipeline', { PipelineType: 'V2' });
    expect(app.synth().stacks.map(({ stackName }) => stackName)).toEqual(['Delivery']);
  });

  test('runs the machine that the stage has just deployed, by its output, with what changed', () => {
    const { app, stack, delivery } = deliver();
    delivery.addStage(new DigitsStage(app, 'Test'));
    delivery.addStage(new DigitsStage(app, 'Again'), { retrain: true });
    const [test, again] = stagesOf(stack).slice(4);
    const deployment = test.Actions[1];
    const build = test.Actions[2];
    expect(build).toMatchObject({
      ActionTypeId: { Category: 'Invoke', Owner: 'AWS', Provider: 'StepFunctions' },
      Configuration: { ExecutionNamePrefix: 'delivery', InputType: 'Literal', Input: '{"ifChanged":true}' },
    });
    const [, namespace, output] = /^#\{(\S+)\.(\S+)\}$/.exec(build.Configuration.StateMachineArn as unknown as string)!;
    expect(deployment.Namespace).toBe(namespace);
    const [{ stacks }] = app.synth().nestedAssemblies.map(({ nestedAssembly }) => nestedAssembly);
    expect((stacks[0].template as { Outputs: Json }).Outputs[output]).toMatchObject({
      Value: { Ref: expect.stringContaining('DeliveryMachine') as string },
    });
    // It goes before the clean-up does, so that it starts nothing that is not stopped.
    const template = Template.fromJSON(stacks[0].template as Json);
    const [cleanUp] = Object.keys(template.findResources('Custom::ModelpressCleanUp'));
    const [machine] = Object.entries(template.findResources('AWS::StepFunctions::StateMachine')).filter(([name]) =>
      name.includes('DeliveryMachine'),
    );
    expect(machine[1].DependsOn).toContain(cleanUp);
    expect(again.Actions[2].Configuration.Input).toBe('{}');
  });

  test('may start and see that one machine, and nothing else', () => {
    const { app, stack, delivery } = deliver();
    delivery.addStage(new DigitsStage(app, 'Test'));
    const arn = (resource: string): object =>
      Match.stringLikeRegexp(
        `^arn:aws:states:eu-west-1:111122223333:${resource}:PipelineDeliveryMachine[0-9A-F]{8}-\\*`,
      );
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          { Action: ['states:DescribeStateMachine', 'states:StartExecution'], Resource: arn('stateMachine') },
          { Action: 'states:DescribeExecution', Resource: arn('execution') },
        ],
      },
    });
  });

  test('reaches other accounts and regions', () => {
    const { app, stack, delivery } = deliver({ crossAccount: true });
    const env = { account: '444455556666', region: 'us-east-1' };
    delivery.addStage(new DigitsStage(app, 'Production', { env }));
    const build = stagesOf(stack)[4].Actions[2];
    expect(build).toMatchObject({ Region: 'us-east-1', RoleArn: expect.anything() as object });
    expect(JSON.stringify(build.RoleArn)).toContain('444455556666');
    const there = app.synth().stacks.find(({ stackName }) => stackName.includes('support-444455556666'))!;
    expect(JSON.stringify(there.template)).toContain(
      ':states:us-east-1:444455556666:stateMachine:PipelineDeliveryMachine',
    );
  });

  test('takes commands and a branch of its own', () => {
    const { app, stack, delivery } = deliver({
      source: { ...source, branch: 'release' },
      synthCommands: ['make assembly'],
      synthOutputDirectory: 'out',
    });
    delivery.addStage(new DigitsStage(app, 'Test'));
    expect(stagesOf(stack)[0].Actions[0].Configuration).toMatchObject({
      BranchName: 'release',
      FullRepositoryId: 'example/models',
      ConnectionArn: source.connectionArn,
    });
    Template.fromStack(stack).hasResourceProperties('AWS::CodeBuild::Project', {
      Source: { BuildSpec: Match.stringLikeRegexp('make assembly[^]*"base-directory": "out"') },
    });
  });

  test.each([
    ['AwsSolutions', AwsSolutionsChecks],
    ['NIST 800-53 R5', NIST80053R5Checks],
  ] as const)('has nothing that %s objects to without an answer', (_, Checks) => {
    const { app, stack, delivery } = deliver();
    const stage = new DigitsStage(app, 'Test');
    delivery.addStage(stage, { approval: true });
    app.synth();
    const violations = [stack, stage].flatMap((scope) => new Checks(app).validateScope(scope).violations);
    expect(
      violations.map(({ ruleName, violatingResources }) => [
        ruleName,
        violatingResources.map(({ constructPath }) => constructPath),
      ]),
    ).toEqual([]);
  });

  test.each<[string, () => unknown, string]>([
    [
      'a stage without models',
      () => {
        const { app, delivery } = deliver();
        delivery.addStage(new Stage(app, 'Empty'));
      },
      'the stage Empty holds no ModelPipeline',
    ],
    [
      'builds that the deployment starts, too',
      () => {
        const { app, delivery } = deliver();
        delivery.addStage(new DigitsStage(app, 'Test', { runOnDeploy: true }));
      },
      'Test/Digits/Pipeline must have runOnDeploy: false in a delivery, which runs the build itself',
    ],
    [
      'to wait for an approval longer than CodePipeline does',
      () => {
        const { app, delivery } = deliver();
        delivery.addStage(new DigitsStage(app, 'Test'), { approvalTimeout: Duration.days(7) });
      },
      'approvalTimeout must be from 60 to 518400 whole seconds, received: 604800',
    ],
    [
      'a comment for nobody',
      () => {
        const { app, delivery } = deliver();
        delivery.addStage(new DigitsStage(app, 'Test'), { approvalComment: 'Look' });
      },
      'approvalComment needs approval: true',
    ],
    [
      'a repository without an owner',
      () => deliver({ source: { ...source, repository: 'models' } }),
      'source.repository must be owner/name, received: models',
    ],
    ['no branch', () => deliver({ source: { ...source, branch: '' } }), 'source.branch must name a branch'],
    ['no commands', () => deliver({ synthCommands: [] }), 'synthCommands must have at least one command'],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
