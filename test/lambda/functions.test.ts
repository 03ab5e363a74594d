import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { zipSync } from 'fflate';
import { startTestAws, TestAws } from '../support/local-aws';

let aws: TestAws;
const saved = { ...process.env };

beforeAll(async () => {
  aws = await startTestAws();
  // What the Lambda runtime gives a function; the clients are made when the handlers are imported.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'assets' }));
});

afterAll(async () => {
  process.env = saved;
  await aws.close();
});

describe('serving code', () => {
  const read = async (name: string, zip: Uint8Array): Promise<{ key: string; body: Uint8Array }[]> => {
    await aws.s3.send(new PutObjectCommand({ Bucket: 'assets', Key: `code/${name}.zip`, Body: zip }));
    const { readServingCode } = await import('../../lambda/support/serving-code');
    return readServingCode('assets', `code/${name}.zip`);
  };

  test('lands below code/, in key order', async () => {
    const zip = zipSync({
      'lib/b.py': Buffer.from('b'),
      'inference.py': Buffer.from('a'),
      'empty/': new Uint8Array(0),
    });
    const files = await read('plain', zip);
    expect(files.map(({ key, body }) => [key, Buffer.from(body).toString()])).toEqual([
      ['code/inference.py', 'a'],
      ['code/lib/b.py', 'b'],
    ]);
  });

  test('is refused when a path leads outside', async () => {
    await expect(read('outside', zipSync({ '../evil.py': Buffer.from('x') }))).rejects.toThrow(
      'leads outside: ../evil.py',
    );
  });

  test('is refused when it unpacks to more than a serving script can be', async () => {
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`f${i}`, new Uint8Array(0)]));
    await expect(read('many', zipSync(many))).rejects.toThrow('unpacks to more than 10000 files');
  });

  test('tells when the asset is gone', async () => {
    const { readServingCode } = await import('../../lambda/support/serving-code');
    await expect(readServingCode('assets', 'code/none.zip')).rejects.toThrow('deploy the stack again');
  });
});

describe('run-on-deploy', () => {
  let stateMachineArn: string;
  let states: SFNClient;

  beforeAll(async () => {
    states = new SFNClient(aws.config);
    const definition = JSON.stringify({ StartAt: 'Wait', States: { Wait: { Type: 'Succeed' } } });
    const roleArn = 'arn:aws:iam::123456789012:role/states';
    const made = await states.send(new CreateStateMachineCommand({ name: 'build', definition, roleArn }));
    stateMachineArn = made.stateMachineArn!;
  });

  async function send(
    type: string,
    inputs: string,
    request: string,
    before?: string,
  ): Promise<Record<string, unknown>> {
    const { handler } = await import('../../lambda/run-on-deploy');
    return handler({
      RequestType: type,
      RequestId: request,
      ...(type === 'Create' ? {} : { PhysicalResourceId: stateMachineArn }),
      ResourceProperties: { stateMachineArn, executionName: inputs },
      ...(before === undefined ? {} : { OldResourceProperties: { executionName: before } }),
    });
  }

  const count = async (): Promise<number> =>
    (await states.send(new ListExecutionsCommand({ stateMachineArn }))).executions!.length;

  test('builds when inputs are new or come back, once a request, and never on deletion', async () => {
    await send('Create', 'deploy-a', 'r1');
    expect(await count()).toBe(1);
    await send('Create', 'deploy-a', 'r1');
    expect(await count()).toBe(1);
    await send('Update', 'deploy-a', 'r2', 'deploy-a');
    expect(await count()).toBe(1);
    await send('Update', 'deploy-b', 'r3', 'deploy-a');
    expect(await count()).toBe(2);
    await send('Update', 'deploy-a', 'r4', 'deploy-b');
    expect(await count()).toBe(3);
    expect(await send('Delete', 'deploy-a', 'r5')).toEqual({ PhysicalResourceId: stateMachineArn });
    expect(await count()).toBe(3);
  });
});

describe('compression-gate', () => {
  const artifact = 's3://assets/compressed/digits/run-1/';
  const check = async (limits: object): Promise<unknown> => {
    const { handler } = await import('../../lambda/compression-gate');
    return handler({ artifact, pipeline: 'digits-live', limits });
  };
  const totals = { bytesBefore: 4000, bytesAfter: 1000, relativeError: 0.05, sparsity: 0.5 };

  test('needs a finished artifact', async () => {
    await expect(check({})).rejects.toMatchObject({ name: 'NoArtifact' });
  });

  test('answers with the numbers, fails with them, and publishes them either way', async () => {
    const tensors = [{ name: 'dense', relativeError: 0.07 }];
    const Body = JSON.stringify({ totals, tensors });
    await aws.s3.send(new PutObjectCommand({ Bucket: 'assets', Key: 'compressed/digits/run-1/manifest.json', Body }));
    expect(await check({ maxRelativeError: 0.05 })).toEqual(totals);
    await expect(check({ maxTensorRelativeError: 0.06, maxBytes: 999 })).rejects.toMatchObject({
      name: 'GateFailed',
      message: [
        `the compressed model does not keep its limits (${artifact}):`,
        '- relative error of 1 of 1 tensors: dense 0.07; at most 0.06 is allowed',
        '- size in bytes: 1000; at most 999 is allowed',
      ].join('\n'),
    });
    const { Datapoints = [] } = await new CloudWatchClient(aws.config).send(
      new GetMetricStatisticsCommand({
        Namespace: 'modelpress',
        MetricName: 'CompressedSize',
        Dimensions: [{ Name: 'Pipeline', Value: 'digits-live' }],
        StartTime: new Date(Date.now() - 3_600_000),
        EndTime: new Date(Date.now() + 3_600_000),
        Period: 7200,
        Statistics: ['SampleCount', 'Maximum'],
      }),
    );
    expect(Datapoints.reduce((sum, { SampleCount = 0 }) => sum + SampleCount, 0)).toBe(2);
    expect(Datapoints[0].Maximum).toBe(1000);
  });
});
