import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  AddTagsCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteTagsCommand,
  ListTagsCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { startLocalSageMaker } from '../../../local/sagemaker/server';
import { askAs, foreignHosts, ownHosts } from '../../support/ask-as';
import { BUCKET, ROLE, SERVING_IMAGE, TestSageMaker } from './test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const call = (target: string, body: string): Promise<Response> =>
  fetch(sageMaker.server.url, {
    method: 'POST',
    body,
    headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' },
  });

const BOTO3 = `
import boto3, json, sys
from botocore.exceptions import ClientError
url, image, role, data = sys.argv[1:]
own = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
client, runtime = boto3.client("sagemaker", **own), boto3.client("sagemaker-runtime", **own)
source = {"S3DataSource": {"S3Uri": data, "S3DataType": "S3Prefix", "CompressionType": "None"}}
client.create_model(ModelName="boto", ExecutionRoleArn=role, PrimaryContainer={"Image": image, "ModelDataSource": source})
variant = dict(VariantName="AllTraffic", ModelName="boto", InitialInstanceCount=1, InstanceType="ml.g5.xlarge")
client.create_endpoint_config(EndpointConfigName="boto", ProductionVariants=[variant])
client.create_endpoint(EndpointName="boto", EndpointConfigName="boto")
client.get_waiter("endpoint_in_service").wait(EndpointName="boto", WaiterConfig={"Delay": 1})
answer = runtime.invoke_endpoint(EndpointName="boto", ContentType="application/json", Body=b"{}")
errors = []
for work in (
    lambda: client.describe_endpoint(EndpointName="none"),
    lambda: runtime.invoke_endpoint(EndpointName="none", Body=b"{}"),
    lambda: runtime.invoke_endpoint(EndpointName="boto", ContentType="application/json", Body=b'{"fail": 1}'),
):
    try:
        work()
    except ClientError as error:
        errors.append(error.response["Error"]["Code"])
print(json.dumps({
    "model": json.loads(answer["Body"].read())["model"],
    "variant": answer["InvokedProductionVariant"],
    "created": client.describe_endpoint(EndpointName="boto")["CreationTime"].year,
    "errors": errors,
}))
`;

test('unmodified boto3 creates, waits for, invokes, and sees the errors of AWS', async () => {
  const config = await sageMaker.config('from boto3');
  const { stdout } = await promisify(execFile)(sageMaker.python, [
    '-c',
    BOTO3,
    sageMaker.server.url,
    SERVING_IMAGE,
    ROLE,
    `s3://${BUCKET}/artifacts/${config}/`,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    model: 'from boto3',
    variant: 'AllTraffic',
    created: new Date().getFullYear(),
    errors: ['ValidationException', 'ValidationError', 'ModelError'],
  });
});

test('unknown operations, broken JSON and wrong types are answered, and the server lives on', async () => {
  const unknown = await call('SageMaker.CreateNotebookInstance', '{}');
  expect([unknown.status, await unknown.json()]).toEqual([
    400,
    {
      __type: 'UnknownOperationException',
      message: expect.stringMatching(/^the local SageMaker has no CreateNotebookInstance; it has AddTags, /) as string,
    },
  ]);
  expect(await (await call('SageMaker.constructor', '{}')).json()).toMatchObject({
    __type: 'UnknownOperationException',
  });
  expect(await (await call('SageMaker.CreateModel', '{"ModelName":')).json()).toMatchObject({
    __type: 'SerializationException',
  });
  expect(await (await call('SageMaker.CreateModel', '{"ModelName":1}')).json()).toEqual({
    __type: 'SerializationException',
    message: 'modelName must be a string, received a number',
  });
  expect((await fetch(`${sageMaker.server.url}/elsewhere`)).status).toBe(404);
});

test('a name that JavaScript objects inherit is a name like any other', async () => {
  expect(await (await call('SageMaker.DescribeModel', '{"ModelName":"constructor"}')).json()).toEqual({
    __type: 'ValidationException',
    message: 'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/constructor".',
  });
});

test('a body that is too long is refused whole', async () => {
  const name = await sageMaker.endpoint(await sageMaker.config('limits'));
  const body = (length: number): Buffer => Buffer.concat([Buffer.from('{}'), Buffer.alloc(length - 2, ' ')]);
  const invoke = (length: number): Promise<unknown> =>
    sageMaker.runtime.send(
      new InvokeEndpointCommand({ EndpointName: name, ContentType: 'application/json', Body: body(length) }),
    );
  await expect(invoke(6_291_456)).resolves.toBeDefined();
  await expect(invoke(6_291_457)).rejects.toThrow('the body has 6291457 bytes, and at most 6291456 are allowed');
});

test('models and configs are checked as they are created', async () => {
  const container = { Image: SERVING_IMAGE };
  const model = (name: string, more: object): Promise<unknown> =>
    sageMaker.client.send(
      new CreateModelCommand({ ModelName: name, ExecutionRoleArn: ROLE, PrimaryContainer: { ...container, ...more } }),
    );
  const source = (uri: string): object => ({
    ModelDataSource: { S3DataSource: { S3Uri: uri, S3DataType: 'S3Prefix', CompressionType: 'None' } },
  });
  await expect(model('a', source(`s3://${BUCKET}/nothing/`))).rejects.toThrow(
    `Could not find model data at s3://${BUCKET}/nothing/.`,
  );
  await expect(model('a', source(`s3://${BUCKET}/nothing`))).rejects.toThrow('S3Uri must end with a forward slash');
  await expect(model('a_b', {})).rejects.toThrow(
    /^1 validation error detected: Value 'a_b' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern/,
  );
  await model('a', {});
  await expect(model('a', {})).rejects.toThrow(/^Cannot create already existing model "arn:/);
  const variant = {
    VariantName: 'V',
    ModelName: 'none',
    InitialInstanceCount: 1,
    InstanceType: 'ml.g5.xlarge',
  } as const;
  const config = (more: object): Promise<unknown> =>
    sageMaker.client.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: 'c', ProductionVariants: [{ ...variant, ...more }] }),
    );
  await expect(config({})).rejects.toThrow(
    'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/none".',
  );
  await expect(config({ ModelName: 'a', ContainerStartupHealthCheckTimeoutInSeconds: 30 })).rejects.toThrow(
    "at 'productionVariants.1.member.containerStartupHealthCheckTimeoutInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60",
  );
  await expect(config({ ModelName: 'a', InitialVariantWeight: 0 })).rejects.toThrow('must be greater than 0');
});

test('tags are kept with what they were given to', async () => {
  await sageMaker.client.send(
    new CreateModelCommand({
      ModelName: 'tagged',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image: SERVING_IMAGE },
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  );
  const ResourceArn = 'arn:aws:sagemaker:us-east-1:123456789012:model/tagged';
  await sageMaker.client.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: 'b', Value: '2' }] }));
  await sageMaker.client.send(new DeleteTagsCommand({ ResourceArn, TagKeys: ['a'] }));
  expect((await sageMaker.client.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual([{ Key: 'b', Value: '2' }]);
});

test('a port or a state folder that is in use is told', async () => {
  const options = { python: sageMaker.python, s3Endpoint: sageMaker.aws.url };
  await expect(
    startLocalSageMaker({ ...options, stateDir: `${sageMaker.folder}/other`, port: sageMaker.server.port }),
  ).rejects.toThrow(
    `port ${sageMaker.server.port} of 127.0.0.1 is in use; stop what listens there or choose another port`,
  );
  await expect(startLocalSageMaker({ ...options, stateDir: sageMaker.stateDir })).rejects.toThrow(
    `the state folder is in use by process ${process.pid}`,
  );
});

test('requests that were meant for another host are refused', async () => {
  const { url, port } = sageMaker.server;
  for (const host of ownHosts(String(port))) expect(await askAs(url, host)).toMatchObject({ status: 404 });
  for (const host of foreignHosts(String(port))) {
    expect(await askAs(url, host)).toEqual({
      status: 403,
      body: expect.stringContaining(`to localhost and to addresses only, received the host ${host}`) as string,
    });
  }
});
