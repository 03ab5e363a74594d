import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestAws, TestAws } from '../../support/local-aws';

const FUNCTION = `
exports.handler = async (event) => {
  if (!event.fail) return { event, sageMaker: process.env.AWS_ENDPOINT_URL_SAGEMAKER };
  const error = new Error('the file is not a model');
  error.name = 'InvalidModel';
  throw error;
};`;

/** Speaks as much of the SageMaker API as a job's life needs, and remembers what it was asked. */
class SageMakerApi {
  readonly requests: { readonly action: string; readonly body: Record<string, unknown> }[] = [];
  /** What the job's status is, description by description; the last one stays. */
  statuses: string[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const action = String(request.headers['x-amz-target']).replace('SageMaker.', '');
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        this.requests.push({ action, body });
        const [code, answer] = this.answer(action, body);
        response.writeHead(code, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(action: string, body: Record<string, unknown>): [number, object] {
    if (body.TrainingJobName === 'taken')
      return [400, { __type: 'ResourceInUse', message: 'there is such a job already' }];
    if (action.startsWith('Create'))
      return [200, { TrainingJobArn: `arn:aws:sagemaker:…/${String(body.TrainingJobName)}` }];
    const status = this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0];
    return [
      200,
      {
        TrainingJobName: body.TrainingJobName,
        TrainingJobStatus: status,
        ProcessingJobStatus: status,
        CreationTime: 1700000000.5,
        ModelArtifacts: { S3ModelArtifacts: 's3://bucket/raw/' },
        ...(status === 'Failed' ? { FailureReason: 'AlgorithmError: exit code 1' } : {}),
      },
    ];
  }
}

describe('state machines on the local AWS', () => {
  const sageMaker = new SageMakerApi();
  let sageMakerUrl: string;
  let aws: TestAws;
  let states: SFNClient;
  let functionArn: string;
  let machines = 0;

  beforeAll(async () => {
    sageMakerUrl = await sageMaker.start();
    aws = await startTestAws(sageMakerUrl);
    states = new SFNClient(aws.config);
    functionArn = await deployFunction(new CloudFormationClient(aws.config));
  });
  afterAll(async () => {
    await aws.close();
    sageMaker.stop();
  });
  beforeEach(() => {
    sageMaker.requests.length = 0;
    sageMaker.statuses = ['InProgress', 'InProgress', 'Completed'];
  });

  const run = async (definition: object, input: object = {}) => {
    const { stateMachineArn } = await states.send(
      new CreateStateMachineCommand({
        name: `machine-${++machines}`,
        definition: JSON.stringify(definition),
        roleArn: 'arn:aws:iam::123456789012:role/any',
      }),
    );
    const { executionArn } = await states.send(
      new StartExecutionCommand({ stateMachineArn, name: 'one', input: JSON.stringify(input) }),
    );
    for (;;) {
      const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
      if (execution.status !== 'RUNNING') return execution;
      await sleep(50);
    }
  };
  const train = (fields: object = {}): object => ({
    StartAt: 'Train',
    States: {
      Train: {
        Type: 'Task',
        Resource: 'arn:aws:states:::sagemaker:createTrainingJob.sync',
        Parameters: { 'TrainingJobName.$': '$.name', HyperParameters: { epochs: '3' } },
        End: true,
        ...fields,
      },
    },
  });

  test('createTrainingJob.sync passes the request on, waits, and returns the description', async () => {
    const { status, output } = await run(train(), { name: 'job' });
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(output ?? '')).toMatchObject({
      TrainingJobName: 'job',
      TrainingJobStatus: 'Completed',
      CreationTime: 1700000000500,
      ModelArtifacts: { S3ModelArtifacts: 's3://bucket/raw/' },
    });
    expect(sageMaker.requests.map(({ action }) => action)).toEqual([
      'CreateTrainingJob',
      ...Array<string>(3).fill('DescribeTrainingJob'),
    ]);
    expect(sageMaker.requests[0].body).toEqual({ TrainingJobName: 'job', HyperParameters: { epochs: '3' } });
  });

  test.each(['Failed', 'Stopped'])('createTrainingJob.sync fails when the job is %s', async (end) => {
    sageMaker.statuses = ['InProgress', end];
    const { status, error, cause } = await run(train(), { name: 'job' });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(JSON.parse(cause ?? '')).toMatchObject({ TrainingJobName: 'job', TrainingJobStatus: end });
  });

  test('createTrainingJob.sync names the API error', async () => {
    const { error, cause } = await run(train(), { name: 'taken' });
    expect(error).toBe('SageMaker.AmazonSageMakerException');
    expect(cause).toBe(
      'there is such a job already (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse)',
    );
  });

  test('createTrainingJob.sync stops the job when the state times out', async () => {
    sageMaker.statuses = ['InProgress'];
    expect((await run(train({ TimeoutSeconds: 1 }), { name: 'slow' })).error).toBe('States.Timeout');
    const stop = () => sageMaker.requests.find(({ action }) => action === 'StopTrainingJob');
    while (stop() === undefined) await sleep(50);
    expect(stop()!.body).toEqual({ TrainingJobName: 'slow' });
  });

  test('createTrainingJob without .sync returns at once', async () => {
    const { output } = await run(train({ Resource: 'arn:aws:states:::sagemaker:createTrainingJob' }), { name: 'job' });
    expect(JSON.parse(output ?? '')).toEqual({ TrainingJobArn: 'arn:aws:sagemaker:…/job' });
    expect(sageMaker.requests).toHaveLength(1);
  });

  test('createProcessingJob.sync describes the processing job', async () => {
    const definition = train({
      Resource: 'arn:aws:states:::sagemaker:createProcessingJob.sync',
      Parameters: { ProcessingJobName: 'measure' },
    });
    expect((await run(definition)).status).toBe('SUCCEEDED');
    expect(sageMaker.requests[1]).toEqual({ action: 'DescribeProcessingJob', body: { ProcessingJobName: 'measure' } });
  });

  test('a function sees the context object and the address of SageMaker', async () => {
    const { output } = await run({
      StartAt: 'Call',
      States: {
        Call: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: {
            FunctionName: functionArn,
            Payload: {
              'name.$': '$$.Execution.Name',
              'redrive.$': '$$.Execution.RedriveCount',
              'retry.$': '$$.State.RetryCount',
              'job.$': "States.Format('{}-{}', $$.Execution.Name, $$.Execution.RedriveCount)",
            },
          },
          OutputPath: '$.Payload',
          End: true,
        },
      },
    });
    expect(JSON.parse(output ?? '')).toEqual({
      event: { name: 'one', redrive: 0, retry: 0, job: 'one-0' },
      sageMaker: sageMakerUrl,
    });
  });

  test.each(['$.one.two', '$.list[1]', "States.Format('{}-1', $.one.two)"])(
    'a path that leads nowhere fails the execution, whatever is caught: %s',
    async (expression) => {
      const definition = train({
        Parameters: { Tags: [{ 'Value.$': expression }] },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Train' }],
      });
      const { status, error, cause } = await run(definition, { one: {}, list: [1], two: 2 });
      expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Runtime' });
      expect(cause).toContain(expression.startsWith('$') ? expression : '$.one.two');
      expect(sageMaker.requests).toEqual([]);
    },
  );

  test('a path to null, and one with a wildcard, lead somewhere', async () => {
    const Parameters = { 'nothing.$': '$.nothing', 'all.$': '$.none[*]' };
    const { output } = await run(
      { StartAt: 'Look', States: { Look: { Type: 'Pass', Parameters, End: true } } },
      {
        nothing: null,
        none: [],
      },
    );
    expect(JSON.parse(output!)).toEqual({ nothing: null, all: [] });
  });

  test("a function's error is caught by its own name, and not retried as another", async () => {
    const { output } = await run({
      StartAt: 'Call',
      States: {
        Call: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { FunctionName: functionArn, Payload: { fail: true } },
          Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], MaxAttempts: 2 }],
          Catch: [{ ErrorEquals: ['InvalidModel'], ResultPath: '$.error', Next: 'Told' }],
          End: true,
        },
        Told: { Type: 'Succeed' },
      },
    });
    const { error } = JSON.parse(output ?? '') as { error: { Error: string; Cause: string } };
    expect(error.Error).toBe('InvalidModel');
    expect(JSON.parse(error.Cause)).toMatchObject({
      errorType: 'InvalidModel',
      errorMessage: 'the file is not a model',
    });
  });
});

async function deployFunction(formation: CloudFormationClient): Promise<string> {
  const template = {
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
      },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
          Code: { ZipFile: FUNCTION },
        },
      },
    },
    Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Function', 'Arn'] } } },
  };
  await formation.send(new CreateStackCommand({ StackName: 'function', TemplateBody: JSON.stringify(template) }));
  for (;;) {
    const { Stacks } = await formation.send(new DescribeStacksCommand({ StackName: 'function' }));
    if (Stacks?.[0].StackStatus === 'CREATE_COMPLETE') return Stacks[0].Outputs?.[0].OutputValue ?? '';
    if (Stacks?.[0].StackStatus !== 'CREATE_IN_PROGRESS') throw new Error(`the stack is ${Stacks?.[0].StackStatus}`);
    await sleep(50);
  }
}
