import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  ApplicationAutoScalingClient,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CreateEndpointConfigCommand, UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand, InvokeEndpointAsyncCommandOutput } from '@aws-sdk/client-sagemaker-runtime';
import { BUCKET, ECHO_SCRIPT, isAlive, TestSageMaker, until } from './test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start(0.001)), 600_000);
afterAll(() => sageMaker.close());

/** A topic with a queue behind it, to read what is told. */
async function topic(): Promise<{ arn: string; next(): Promise<Record<string, unknown>> }> {
  const [sns, sqs] = [new SNSClient(sageMaker.aws.config), new SQSClient(sageMaker.aws.config)];
  const name = sageMaker.name('topic');
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes!.QueueArn }));
  const next = async (): Promise<Record<string, unknown>> => {
    const { Messages } = await until(
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 })),
      (answer) => (answer.Messages ?? []).length > 0,
    );
    const { Message } = JSON.parse(Messages![0].Body!) as { Message: string };
    return JSON.parse(Message) as Record<string, unknown>;
  };
  return { arn: TopicArn!, next };
}

async function endpoint(most?: number, topics: { SuccessTopic?: string; ErrorTopic?: string } = {}): Promise<string> {
  const ModelName = await sageMaker.config('later', ECHO_SCRIPT);
  const EndpointConfigName = sageMaker.name('async');
  await sageMaker.client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName,
      ProductionVariants: [{ VariantName: 'main', ModelName, InitialInstanceCount: 1, InstanceType: 'ml.c7i.large' }],
      AsyncInferenceConfig: {
        ClientConfig: most === undefined ? undefined : { MaxConcurrentInvocationsPerInstance: most },
        OutputConfig: {
          S3OutputPath: `s3://${BUCKET}/answers/`,
          S3FailurePath: `s3://${BUCKET}/failures/`,
          NotificationConfig: topics,
        },
      },
    }),
  );
  return sageMaker.endpoint(EndpointConfigName);
}

async function ask(EndpointName: string, body: object, more = {}): Promise<InvokeEndpointAsyncCommandOutput> {
  const key = `requests/${sageMaker.name('request')}`;
  await sageMaker.put(key, JSON.stringify(body));
  return sageMaker.runtime.send(
    new InvokeEndpointAsyncCommand({
      EndpointName,
      ContentType: 'application/json',
      InputLocation: `s3://${BUCKET}/${key}`,
      ...more,
    }),
  );
}

async function contentOf(address: string | undefined): Promise<string> {
  const key = address!.slice(`s3://${BUCKET}/`.length);
  await until(
    () => sageMaker.keys(key),
    (keys) => keys.length === 1,
  );
  return Buffer.from(await sageMaker.get(key)).toString();
}

test('a request is read from S3, its answer is put there, and the topic is told', async () => {
  const told = await topic();
  const name = await endpoint(undefined, { SuccessTopic: told.arn });
  const answer = await ask(name, {}, { InferenceId: 'mine' });
  expect(answer).toMatchObject({ InferenceId: 'mine', $metadata: { httpStatusCode: 202 } });
  expect(answer.OutputLocation).toMatch(/^s3:\/\/models\/answers\/[0-9a-f-]{36}\.out$/);
  expect(JSON.parse(await contentOf(answer.OutputLocation))).toMatchObject({ model: 'later' });
  expect(await told.next()).toMatchObject({
    invocationStatus: 'Completed',
    inferenceId: 'mine',
    requestParameters: { endpointName: name, contentType: 'application/json' },
    responseParameters: { outputLocation: answer.OutputLocation },
  });
});

test('what the model fails on, and what is not there, is told at the other address', async () => {
  const told = await topic();
  const name = await endpoint(undefined, { ErrorTopic: told.arn });
  const failed = await ask(name, { fail: true });
  expect(failed.FailureLocation).toMatch(/^s3:\/\/models\/failures\//);
  expect(await contentOf(failed.FailureLocation)).toContain('asked to fail');
  expect(await told.next()).toMatchObject({
    invocationStatus: 'Failed',
    failureReason: expect.stringContaining('asked to fail') as string,
  });
  const missing = await ask(name, {}, { InputLocation: `s3://${BUCKET}/requests/none` });
  expect(await contentOf(missing.FailureLocation)).toMatch(/key does not exist/i);
});

test('as many are worked on at once as the config says; the others wait', async () => {
  const name = await endpoint(1);
  const asked = await Promise.all([1, 2, 3].map(() => ask(name, { sleep: 0.2 })));
  const answers = await Promise.all(asked.map(({ OutputLocation }) => contentOf(OutputLocation)));
  expect(answers).toHaveLength(3);
  const expired = await ask(name, {}, { RequestTTLSeconds: 60 });
  expect(JSON.parse(await contentOf(expired.OutputLocation))).toMatchObject({ model: 'later' });
});

test('an endpoint has one way to be asked', async () => {
  const name = await endpoint();
  await expect(sageMaker.invoke(name)).rejects.toThrow(/use InvokeEndpointAsync/);
  const other = await sageMaker.endpoint(await sageMaker.config('at once'));
  await expect(ask(other, {})).rejects.toThrow(/is not an asynchronous inference endpoint/);
  await expect(ask('none', {})).rejects.toThrow(/not found/);
  await expect(ask(name, {}, { InputLocation: 'https://example.com/a' })).rejects.toThrow(/must be an S3 address/);
});

test('without an instance, requests wait; with a step policy, they bring one', async () => {
  const name = await endpoint();
  const pidOf = async (): Promise<number> => {
    const { OutputLocation } = await ask(name, {});
    return (JSON.parse(await contentOf(OutputLocation)) as { pid: number }).pid;
  };
  const first = await pidOf();
  const count = (DesiredInstanceCount: number) =>
    sageMaker.client.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: name,
        DesiredWeightsAndCapacities: [{ VariantName: 'main', DesiredInstanceCount }],
      }),
    );
  await count(0);
  await until(
    () => isAlive(first),
    (alive) => !alive,
  );
  const waiting = await ask(name, {});
  expect((await sageMaker.describe(name)).EndpointStatus).toBe('InService');
  await count(1);
  const { pid } = JSON.parse(await contentOf(waiting.OutputLocation)) as { pid: number };
  expect(pid).not.toBe(first);

  const scaling = new ApplicationAutoScalingClient({ ...sageMaker.aws.config, endpoint: sageMaker.server.url });
  const target = {
    ServiceNamespace: 'sagemaker',
    ResourceId: `endpoint/${name}/variant/main`,
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  } as const;
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 0, MaxCapacity: 2 }));
  await scaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'wake',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    }),
  );
  await count(0);
  await until(
    () => isAlive(pid),
    (alive) => !alive,
  );
  expect(await pidOf()).not.toBe(pid);
  expect((await sageMaker.describe(name)).ProductionVariants![0].DesiredInstanceCount).toBe(1);
});
