import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';

/** A model of 7 TB, which no machine here could hold; the functions ask for no more than its objects' sizes. */
const SIZE = 7e12;
const LIST = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult><Name>zoo</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>
<Contents><Key>llama/model.safetensors</Key><Size>${SIZE}</Size><ETag>"a"</ETag><LastModified>2026-11-25T12:00:00.000Z</LastModified></Contents>
</ListBucketResult>`;
const MISSING = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>missing</Message></Error>';
const ARN = 'arn:aws:states:us-east-1:111122223333:execution:machine:build';

/** What was asked of Step Functions. */
const asked: { readonly action: string; readonly body: Record<string, unknown> }[] = [];
let runningForMinutes = 0;
let server: Server;
const saved = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const action = (request.headers['x-amz-target'] as string | undefined)?.split('.')[1];
      if (action === undefined) {
        const lists = request.url!.includes('list-type=2');
        response.writeHead(lists ? 200 : 404, { 'Content-Type': 'application/xml' }).end(lists ? LIST : MISSING);
        return;
      }
      asked.push({ action, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> });
      const startDate = Date.now() / 1000 - 60 * runningForMinutes;
      const answer = action === 'DescribeExecution' ? { status: 'RUNNING', startDate, executionArn: ARN } : {};
      response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
beforeEach(() => void (asked.length = 0));
afterAll(() => {
  process.env = saved;
  server.closeAllConnections();
  server.close();
});

const event = {
  RequestType: 'Create',
  RequestId: 'request',
  PhysicalResourceId: 's3://models/compressed/llama/build/',
  ResourceProperties: {
    stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:machine',
    model: 'llama',
    bucket: 'models',
    source: 's3://zoo/llama/',
    specification: 'digest',
    maxConcurrency: '10',
    memorySize: '3008',
    removeArtifact: 'false',
  },
};
const ADVICE = /7000\.0 GB.*Give maxConcurrency or memorySize more, or compress before the deployment/;

test('what would take longer than a deployment waits is refused before it starts, with advice', async () => {
  const { handler } = await import('../../lambda/compress-on-deploy');
  const refused = handler(event);
  await expect(refused).rejects.toMatchObject({ name: 'TooLong', message: expect.stringMatching(ADVICE) as string });
  expect(asked).toEqual([]);
});

test('the same is started where there are enough functions', async () => {
  const { handler } = await import('../../lambda/compress-on-deploy');
  const { Data } = await handler({
    ...event,
    ResourceProperties: { ...event.ResourceProperties, maxConcurrency: '10000' },
  });
  expect(asked.map(({ action }) => action)).toEqual(['StartExecution']);
  expect(Data.artifact).toMatch(/^s3:\/\/models\/compressed\/llama\/[0-9a-f]{32}\/$/);
});

test('what takes longer all the same is stopped, with advice; until then it is waited for', async () => {
  const { handler } = await import('../../lambda/compress-on-deploy-complete');
  const waiting = { ...event, Data: { executionArn: ARN } };
  runningForMinutes = 49;
  expect(await handler(waiting)).toEqual({ IsComplete: false });
  expect(asked.map(({ action }) => action)).toEqual(['DescribeExecution']);
  runningForMinutes = 51;
  const stopped = handler(waiting);
  await expect(stopped).rejects.toMatchObject({ name: 'TooLong', message: expect.stringMatching(ADVICE) as string });
  expect(asked.slice(1).map(({ action }) => action)).toEqual(['DescribeExecution', 'StopExecution']);
  expect(asked[2].body).toMatchObject({ executionArn: ARN, error: 'TooLong' });
});
