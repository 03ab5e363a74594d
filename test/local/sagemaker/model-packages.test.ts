import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  CreateModelPackageInput,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DescribeModelPackageCommand,
  DescribeModelPackageGroupCommand,
  ListModelPackageGroupsCommand,
  ListModelPackagesCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { BUCKET, SERVING_IMAGE, TestSageMaker } from './test-sagemaker';

let sageMaker: TestSageMaker;
let queues: SQSClient;
let events: EventBridgeClient;
let queueUrl: string;

beforeAll(async () => {
  sageMaker = await TestSageMaker.start();
  queues = new SQSClient(sageMaker.aws.config);
  events = new EventBridgeClient(sageMaker.aws.config);
  await sageMaker.put('artifact/model.tflite', 'weights');
  ({ QueueUrl: queueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: 'events' })));
  const EventPattern = JSON.stringify({ source: ['aws.sagemaker'], detail: { ModelPackageGroupName: ['digits'] } });
  await events.send(new PutRuleCommand({ Name: 'packages', EventPattern }));
  const Arn = `arn:aws:sqs:us-east-1:123456789012:events`;
  await events.send(new PutTargetsCommand({ Rule: 'packages', Targets: [{ Id: 'queue', Arn }] }));
});
afterAll(() => sageMaker.close());

const source = { S3Uri: `s3://${BUCKET}/artifact/`, S3DataType: 'S3Prefix', CompressionType: 'None' } as const;
const Containers = [{ Image: SERVING_IMAGE, ModelDataSource: { S3DataSource: source } }];

async function create(group: string, more: Partial<CreateModelPackageInput> = {}): Promise<string> {
  const answer = await sageMaker.client.send(
    new CreateModelPackageCommand({ ModelPackageGroupName: group, InferenceSpecification: { Containers }, ...more }),
  );
  return answer.ModelPackageArn!;
}

async function group(name: string): Promise<string> {
  await sageMaker.client.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: name }));
  return name;
}

async function nextEvent(): Promise<{ source: string; 'detail-type': string; detail: Record<string, unknown> }> {
  for (;;) {
    const { Messages: [message] = [] } = await queues.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 1, MaxNumberOfMessages: 1 }),
    );
    if (message !== undefined) return JSON.parse(message.Body ?? '') as never;
  }
}

test('versions count up in their group, and EventBridge hears of each and of its approval', async () => {
  await group('digits');
  const first = await create('digits', {
    ModelApprovalStatus: 'PendingManualApproval',
    CustomerMetadataProperties: { build: 'run-1', relativeError: '0.01' },
  });
  expect(first).toBe('arn:aws:sagemaker:us-east-1:123456789012:model-package/digits/1');
  expect(await create('digits', { ModelApprovalStatus: 'Approved' })).toBe(first.replace(/1$/, '2'));
  await sageMaker.client.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: first,
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'looks good',
      CustomerMetadataProperties: { approver: 'me' },
      CustomerMetadataPropertiesToRemove: ['relativeError'],
    }),
  );
  const described = await sageMaker.client.send(new DescribeModelPackageCommand({ ModelPackageName: first }));
  expect(described).toMatchObject({
    ModelPackageVersion: 1,
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: 'Approved',
    ApprovalDescription: 'looks good',
    CustomerMetadataProperties: { build: 'run-1', approver: 'me' },
    InferenceSpecification: { Containers: [{ ModelDataSource: { S3DataSource: source } }] },
  });
  const heard = [await nextEvent(), await nextEvent(), await nextEvent()];
  expect(
    heard.map((event) => [event['detail-type'], event.detail.ModelPackageVersion, event.detail.ModelApprovalStatus]),
  ).toEqual([
    ['SageMaker Model Package State Change', 1, 'PendingManualApproval'],
    ['SageMaker Model Package State Change', 2, 'Approved'],
    ['SageMaker Model Package State Change', 1, 'Approved'],
  ]);
  expect(heard[2].detail).toMatchObject({ ModelPackageArn: first, ModelPackageGroupName: 'digits' });
  expect(heard.map(({ detail }) => detail.UpdatedModelPackageFields)).toEqual([
    undefined,
    undefined,
    ['ModelApprovalStatus', 'ApprovalDescription', 'CustomerMetadataProperties'],
  ]);
  expect(heard[2].detail.LastModifiedTime).toBe(described.LastModifiedTime!.toISOString());
  await sageMaker.client.send(new UpdateModelPackageCommand({ ModelPackageArn: first, ApprovalDescription: 'still' }));
  const { detail } = await nextEvent();
  expect(detail).toMatchObject({
    ModelApprovalStatus: 'Approved',
    UpdatedModelPackageFields: ['ApprovalDescription'],
  });
});

test('the same token gives the same package', async () => {
  await group('tokens');
  const first = await create('tokens', { ClientToken: 'a' });
  expect(await create('tokens', { ClientToken: 'a' })).toBe(first);
  expect(await create('tokens', { ClientToken: 'b' })).not.toBe(first);
});

test('packages are listed by group and approval, newest first, page by page', async () => {
  await group('listed');
  await create('listed', { ModelApprovalStatus: 'Rejected' });
  await create('listed');
  await create('listed');
  const list = async (more: object): Promise<{ versions: unknown[]; token?: string }> => {
    const { ModelPackageSummaryList: found, NextToken: token } = await sageMaker.client.send(
      new ListModelPackagesCommand({ ModelPackageGroupName: 'listed', ...more }),
    );
    return { versions: found!.map(({ ModelPackageVersion }) => ModelPackageVersion), token };
  };
  expect((await list({})).versions).toEqual([3, 2, 1]);
  expect((await list({ ModelApprovalStatus: 'Rejected' })).versions).toEqual([1]);
  const { versions, token } = await list({ MaxResults: 2 });
  expect(versions).toEqual([3, 2]);
  expect((await list({ MaxResults: 2, NextToken: token })).versions).toEqual([1]);
});

test('a group goes once its packages are gone', async () => {
  await group('leaving');
  const arn = await create('leaving');
  const remove = (): Promise<unknown> =>
    sageMaker.client.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: 'leaving' }));
  await expect(remove()).rejects.toMatchObject({ name: 'ConflictException' });
  await sageMaker.client.send(new DeleteModelPackageCommand({ ModelPackageName: arn }));
  await remove();
  const { ModelPackageGroupSummaryList: left } = await sageMaker.client.send(new ListModelPackageGroupsCommand({}));
  expect(left!.map(({ ModelPackageGroupName }) => ModelPackageGroupName)).not.toContain('leaving');
  await expect(
    sageMaker.client.send(new DescribeModelPackageGroupCommand({ ModelPackageGroupName: 'leaving' })),
  ).rejects.toThrow('does not exist');
});

test.each<[string, Partial<CreateModelPackageInput>, string]>([
  ['an unknown group', { ModelPackageGroupName: 'nobody' }, 'model-package-group/nobody does not exist'],
  ['tags', { Tags: [{ Key: 'a', Value: 'b' }] }, 'Tags are not supported for a model package in a group'],
  ['no specification', { InferenceSpecification: undefined }, 'needs an InferenceSpecification'],
  [
    'a prefix without a slash',
    {
      InferenceSpecification: {
        Containers: [
          { Image: 'x', ModelDataSource: { S3DataSource: { ...source, S3Uri: `s3://${BUCKET}/artifact` } } },
        ],
      },
    },
    'S3Uri must end with a forward slash',
  ],
  [
    'no data',
    { InferenceSpecification: { Containers: [{ Image: 'x', ModelDataUrl: `s3://${BUCKET}/none.tar.gz` }] } },
    'Could not find model data',
  ],
  ['no image', { InferenceSpecification: { Containers: [{ ModelDataUrl: `s3://${BUCKET}/x` }] } }, 'needs an Image'],
  ['metadata with a bracket', { CustomerMetadataProperties: { a: '{}' } }, 'customerMetadataProperties.a.member'],
  [
    'too much metadata',
    { CustomerMetadataProperties: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) },
    'less than or equal to 50',
  ],
  ['an unknown status', { ModelApprovalStatus: 'Maybe' as never }, 'enum value set'],
])('%s is refused', async (_, more, message) => {
  await expect(create('digits', more)).rejects.toThrow(message);
});

test('nothing else may be told in the name of AWS', async () => {
  const { Entries } = await events.send(
    new PutEventsCommand({ Entries: [{ Source: 'aws.states', DetailType: 'x', Detail: '{}' }] }),
  );
  expect(Entries![0].ErrorCode).toBe('NotAuthorizedForSourceException');
});
