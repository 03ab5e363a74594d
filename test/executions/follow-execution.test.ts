import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ExecutionFailedError } from '../../executions/execution-failure';
import { FinishedExecution, followExecution, startedBuild, startedExecution } from '../../executions/follow-execution';
import { startTestAws, TestAws } from '../support/local-aws';

const FAIL = { Type: 'Fail', Error: 'Custom', Cause: 'not this time' };
/** A call that always fails, since there is no SageMaker: its error is the service's, as in a real failure. */
const failingTask = (next: object): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sagemaker:createTrainingJob.sync',
  Parameters: { TrainingJobName: 'job' },
  ...next,
});

describe('followExecution', () => {
  let aws: TestAws;
  let states: SFNClient;
  let machines = 0;

  beforeAll(async () => {
    aws = await startTestAws();
    states = new SFNClient(aws.config);
  });
  afterAll(() => aws.close());

  const create = async (definition: object): Promise<string> => {
    const { stateMachineArn } = await states.send(
      new CreateStateMachineCommand({
        name: `machine-${++machines}`,
        definition: JSON.stringify(definition),
        roleArn: 'arn:aws:iam::123456789012:role/any',
      }),
    );
    return stateMachineArn ?? '';
  };
  const follow = async (definition: object, { input = {}, signal }: { input?: object; signal?: AbortSignal } = {}) => {
    const { executionArn } = await states.send(
      new StartExecutionCommand({ stateMachineArn: await create(definition), input: JSON.stringify(input) }),
    );
    const told: string[] = [];
    const watcher = {
      entered: (state: string) => void told.push(`> ${state}`),
      exited: (state: string, seconds: number) => void told.push(`< ${state} ${seconds >= 0}`),
      failed: (state: string, seconds: number) => void told.push(`x ${state} ${seconds >= 0}`),
    };
    const result = await followExecution(states, executionArn ?? '', watcher, signal).catch((error: unknown) => error);
    return { result, told };
  };

  test('tells every state in order and finds the execution it started', async () => {
    const child = await create({ StartAt: 'Only', States: { Only: { Type: 'Pass', End: true } } });
    const { result, told } = await follow({
      StartAt: 'First',
      States: {
        First: { Type: 'Pass', Result: { n: 1 }, Next: 'Pause' },
        Pause: { Type: 'Wait', Seconds: 10, Next: 'Start' },
        Start: {
          Type: 'Task',
          Resource: 'arn:aws:states:::states:startExecution',
          Parameters: { StateMachineArn: child, Input: {} },
          ResultPath: '$.started',
          End: true,
        },
      },
    });
    expect(told).toEqual(['> First', '< First true', '> Pause', '< Pause true', '> Start', '< Start true']);
    const finished = result as FinishedExecution;
    expect(finished.output).toMatchObject({ n: 1 });
    expect(startedExecution(finished)).toContain(child.split(':').pop());
    expect(startedBuild(finished)).toBeUndefined();
  });

  test('tells the build that it handed on', async () => {
    const started = { executionArn: 'arn:build:model-1' };
    const { result } = await follow(
      { StartAt: 'Only', States: { Only: { Type: 'Pass', End: true } } },
      { input: { started } },
    );
    expect(startedBuild(result as FinishedExecution)).toBe(started.executionArn);
  });

  test('names the state that failed, not the one that cleaned up', async () => {
    const { result, told } = await follow({
      StartAt: 'Work',
      States: {
        Work: failingTask({
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'CleanUp' }],
          End: true,
        }),
        CleanUp: { Type: 'Pass', Next: 'Failed' },
        Failed: FAIL,
      },
    });
    expect(result).toBeInstanceOf(ExecutionFailedError);
    expect((result as ExecutionFailedError).failure).toMatchObject({
      state: 'Work',
      error: 'SageMaker.AmazonSageMakerException',
    });
    expect((result as ExecutionFailedError).failure.cause).toContain('AWS_ENDPOINT_URL_SAGEMAKER is not set');
    expect(told).toContain('x Failed true');
  });

  test("finds the reason in a distributed map's child", async () => {
    const { result } = await follow(
      {
        StartAt: 'Many',
        States: {
          Many: {
            Type: 'Map',
            ItemProcessor: {
              ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
              StartAt: 'One',
              States: {
                One: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 1, Next: 'Bad' }], Default: 'Good' },
                Bad: FAIL,
                Good: { Type: 'Succeed' },
              },
            },
            ItemsPath: '$.items',
            End: true,
          },
        },
      },
      { input: { items: [0, 1, 2] } },
    );
    expect((result as ExecutionFailedError).failure).toMatchObject({
      state: 'Many',
      error: 'Custom',
      cause: 'not this time',
    });
  });

  test('reports a plain Fail state', async () => {
    const { result } = await follow({ StartAt: 'Refused', States: { Refused: FAIL } });
    expect((result as ExecutionFailedError).message).toBe('Refused failed with Custom: not this time');
  });

  test('stops following when it is aborted', async () => {
    const { result } = await follow(
      { StartAt: 'Pause', States: { Pause: { Type: 'Wait', Seconds: 100, End: true } } },
      { signal: AbortSignal.timeout(300) },
    );
    expect((result as Error).name).toBe('TimeoutError');
  });
});
