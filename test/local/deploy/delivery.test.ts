import { appendFileSync, cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteModelPackageCommand, ModelApprovalStatus, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import {
  DescribeExecutionCommand,
  DescribeExecutionCommandOutput,
  ListStateMachinesCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { App, AppProps, Duration, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EndpointState, readEndpoint } from '../../../cli/pipeline/endpoint';
import { followBuild } from '../../../lambda/delivery/follow-build';
import { ModelDeliveryPipeline, ModelPipeline, ReleaseApproval, SmokeTest } from '../../../lib';
import { ACCOUNT, REGION } from '../../../local/aws/local-aws';
import { EXAMPLE, pipelineProps } from '../../lib/support/pipelines';
import { LocalAccount } from './local-account';

const ENDPOINT = 'delivered';
const HERE = { account: ACCOUNT, region: REGION };
let account: LocalAccount;

beforeAll(async () => {
  account = await LocalAccount.open();
});

afterAll(() => account.close());

/** What a commit may change. */
interface Commit {
  readonly serving?: string;
  readonly epochs?: unknown;
  readonly approval?: ReleaseApproval;
}

/** What CodePipeline starts, and with what, after it has deployed the stage. */
interface Step {
  readonly machine: string;
  readonly input: string;
}

/** Deploys the stage as the delivery does, and reads the step that comes then from the delivery's own template. */
async function deliver({ serving = join(EXAMPLE, 'serving'), epochs = 10, approval }: Commit): Promise<Step> {
  let action: { Configuration: { StateMachineArn: string; Input: string } };
  const assembly = account.synthesize((props: AppProps) => {
    const app = new App(props);
    const stage = new Stage(app, 'Test', { env: HERE });
    const { endpoint, training, ...rest } = pipelineProps();
    new ModelPipeline(new Stack(stage, 'Digits'), 'Pipeline', {
      ...rest,
      training: { ...training!, hyperparameters: { epochs } },
      endpoint: {
        ...endpoint,
        endpointName: ENDPOINT,
        codeDirectory: serving,
        smokeTest: SmokeTest.fromDirectory(join(EXAMPLE, 'golden')),
      },
      approval,
      statusInterval: Duration.seconds(1),
      runOnDeploy: false,
    });
    const stack = new Stack(app, 'Delivery', { env: HERE });
    const delivery = new ModelDeliveryPipeline(stack, 'Delivery', {
      source: {
        connectionArn: `arn:aws:codeconnections:${REGION}:${ACCOUNT}:connection/1`,
        repository: 'example/models',
      },
    });
    delivery.addStage(stage);
    const [pipeline] = Object.values(Template.fromStack(stack).findResources('AWS::CodePipeline::Pipeline'));
    const { Stages } = (pipeline as { Properties: { Stages: { Actions: object[] }[] } }).Properties;
    action = Stages.flatMap(({ Actions }) => Actions).find((it) =>
      JSON.stringify(it).includes('StepFunctions'),
    ) as typeof action;
    return app;
  });
  const { outputs } = await account.deploy(join(assembly, 'assembly-Test'));
  const [, output] = /\.(\w+)\}$/.exec(action!.Configuration.StateMachineArn)!;
  return { machine: outputs[output], input: action!.Configuration.Input };
}

async function start({ machine, input }: Step): Promise<string> {
  const { states } = account.clients;
  const started = await states.send(new StartExecutionCommand({ stateMachineArn: machine, input }));
  return started.executionArn!;
}

async function ended(executionArn: string): Promise<DescribeExecutionCommandOutput> {
  for (;;) {
    const execution = await account.clients.states.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
    await sleep(200);
  }
}

const run = async (step: Step): Promise<DescribeExecutionCommandOutput> => ended(await start(step));
const endpoint = (): Promise<EndpointState> => readEndpoint(account.clients.sageMaker, ENDPOINT);

/** ARN of a machine of the stage, by its part in it. */
async function machine(part: string): Promise<string> {
  const { stateMachines } = await account.clients.states.send(new ListStateMachinesCommand({}));
  return stateMachines!.find(({ name }) => name!.includes(part))!.stateMachineArn!;
}

/** What a delivery started, once the build of the model is over, with the model package that it waits for. */
async function waitingBuild(delivery: string): Promise<{ executionArn: string; modelPackageArn: string }> {
  const arn = (await machine('BuildMachine')).replace(':stateMachine:', ':execution:');
  const executionArn = `${arn}:${delivery.split(':').pop()}`;
  const exists = (): Promise<unknown> =>
    account.clients.states.send(new DescribeExecutionCommand({ executionArn })).catch(() => undefined);
  while ((await exists()) === undefined) await sleep(200);
  const asked = await ended(executionArn);
  const { started } = JSON.parse(asked.output!) as { started: { executionArn: string } };
  const { output } = await ended(started.executionArn);
  const { registered } = JSON.parse(output!) as { registered: { modelPackageArn: string } };
  return { executionArn, ...registered };
}

function decide(ModelPackageArn: string, decision: ModelApprovalStatus, ApprovalDescription: string): Promise<unknown> {
  return account.clients.sageMaker.send(
    new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: decision, ApprovalDescription }),
  );
}

test('a stage ends well once what was built serves, and fails with the reason where it never will', async () => {
  const step = await deliver({});
  expect(step.input).toBe('{"ifChanged":true}');
  const first = await run(step);
  expect(first).toMatchObject({ status: 'SUCCEEDED' });
  const { artifact } = JSON.parse(first.output!) as { artifact: string };
  expect(JSON.parse(first.output!)).toEqual({ state: 'Released', artifact });
  const served = await endpoint();
  expect(served).toMatchObject({ status: 'InService', artifact });

  // The same commit again: the same artifact, the same config.
  const again = await run(step);
  expect(JSON.parse(again.output!)).toEqual({ state: 'Released', artifact });
  expect(await endpoint()).toEqual(served);

  const serving = join(mkdtempSync(join(account.stateDir, 'broken-')), 'serving');
  cpSync(join(EXAMPLE, 'serving'), serving, { recursive: true });
  appendFileSync(join(serving, 'inference.py'), '\nraise RuntimeError("no such table")\n');
  expect(await run(await deliver({ serving }))).toMatchObject({
    status: 'FAILED',
    error: 'ReleaseFailed',
    cause: expect.stringMatching(/^The release failed .*with RolledBack: /) as string,
  });
  expect(await endpoint()).toMatchObject({ status: 'InService', config: served.config });

  expect(await run(await deliver({ epochs: 'many' }))).toMatchObject({
    status: 'FAILED',
    error: 'BuildFailed',
    cause: expect.stringMatching(/^The build failed in Train with .*/) as string,
  });
  expect(await endpoint()).toMatchObject({ status: 'InService', config: served.config });
}, 600_000);

test('a stage waits for an approval, and ends as the person decides', async () => {
  const step = await deliver({ epochs: 7, approval: ReleaseApproval.MANUAL });
  const before = await endpoint();
  const rejected = await start(step);
  const { executionArn, modelPackageArn } = await waitingBuild(rejected);
  const { states, sageMaker } = account.clients;
  const followed = { states, sageMaker, executionArn, releaseMachineArn: await machine('ReleaseMachine') };
  expect(await followBuild({ ...followed, approvalTimeout: 60 })).toEqual({ state: 'WaitingForApproval' });
  expect(await followBuild({ ...followed, approvalTimeout: 0 })).toEqual({
    state: 'Failed',
    error: 'NotApproved',
    reason: expect.stringMatching(/^\S+ was not approved within 0 seconds\. Approving it still releases it/) as string,
  });
  await decide(modelPackageArn, 'Rejected', 'It forgets nines.');
  expect(await ended(rejected)).toMatchObject({
    status: 'FAILED',
    error: 'Rejected',
    cause: `${modelPackageArn} was rejected: It forgets nines.`,
  });
  expect(await endpoint()).toEqual(before);

  const approved = await start(step);
  const { modelPackageArn: better } = await waitingBuild(approved);
  expect(better).not.toBe(modelPackageArn);
  await decide(better, 'Approved', 'It knows nines.');
  const { status, output } = await ended(approved);
  expect(status).toBe('SUCCEEDED');
  const { artifact } = JSON.parse(output!) as { artifact: string };
  expect(artifact).not.toBe(before.artifact);
  expect(await endpoint()).toMatchObject({ status: 'InService', artifact });

  await sageMaker.send(new DeleteModelPackageCommand({ ModelPackageName: modelPackageArn }));
  expect(await followBuild({ ...followed, approvalTimeout: 60 })).toEqual({
    state: 'Failed',
    error: 'NotApproved',
    reason: expect.stringContaining(`${modelPackageArn} was deleted, so nobody can approve it any more`) as string,
  });
}, 600_000);
