import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { choosePorts, Services, startServices } from '../../../local/loop/services';
import { testPython } from '../../support/python';
import { ECHO_SCRIPT, ROLE, SERVING_IMAGE } from '../sagemaker/test-sagemaker';

const stateDir = mkdtempSync(join(tmpdir(), 'modelpress-resources-'));
const StackName = 'serving';
let services: Services;
let cloudFormation: CloudFormationClient;
let sageMaker: SageMakerClient;
let runtime: SageMakerRuntimeClient;

beforeAll(async () => {
  const python = testPython();
  services = await startServices({ stateDir, python, report: () => undefined, ...(await choosePorts()) });
  const config = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  cloudFormation = new CloudFormationClient({ ...config, endpoint: services.awsUrl });
  sageMaker = new SageMakerClient({ ...config, endpoint: services.sageMakerUrl });
  runtime = new SageMakerRuntimeClient({ ...config, endpoint: services.sageMakerUrl });
  const s3 = new S3Client({ ...config, endpoint: services.awsUrl, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: 'models', Key, Body }));
  for (const name of ['one', 'two']) {
    await put(`${name}/name.txt`, name);
    await put(`${name}/code/inference.py`, ECHO_SCRIPT);
  }
  await put('broken/code/inference.py', 'raise ValueError("no model here")');
});

afterAll(async () => {
  await services.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const template = (folder: string): string =>
  JSON.stringify({
    Resources: {
      Model: {
        Type: 'AWS::SageMaker::Model',
        Properties: {
          ExecutionRoleArn: ROLE,
          PrimaryContainer: {
            Image: SERVING_IMAGE,
            ModelDataSource: {
              S3DataSource: { S3Uri: `s3://models/${folder}/`, S3DataType: 'S3Prefix', CompressionType: 'None' },
            },
          },
        },
      },
      Config: {
        Type: 'AWS::SageMaker::EndpointConfig',
        Properties: {
          ProductionVariants: [
            {
              VariantName: 'main',
              ModelName: { 'Fn::GetAtt': ['Model', 'ModelName'] },
              InitialInstanceCount: 1,
              InstanceType: 'ml.c7i.large',
            },
          ],
        },
      },
      Endpoint: {
        Type: 'AWS::SageMaker::Endpoint',
        Properties: { EndpointName: 'echo', EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] } },
      },
    },
    Outputs: { Arn: { Value: { Ref: 'Endpoint' } } },
  });

async function settled(): Promise<{ status: string; outputs: Record<string, string> }> {
  for (;;) {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    const { StackStatus, Outputs } = Stacks![0];
    if (!StackStatus!.endsWith('_IN_PROGRESS')) {
      const outputs = Object.fromEntries(
        (Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]),
      );
      return { status: StackStatus!, outputs };
    }
    await sleep(100);
  }
}

async function answer(): Promise<string> {
  const { Body } = await runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'echo', ContentType: 'application/json', Body: '{}' }),
  );
  return (JSON.parse(Buffer.from(Body).toString()) as { model: string }).model;
}

async function everything(): Promise<string[]> {
  const [models, configs, endpoints] = await Promise.all([
    sageMaker.send(new ListModelsCommand({})),
    sageMaker.send(new ListEndpointConfigsCommand({})),
    sageMaker.send(new ListEndpointsCommand({})),
  ]);
  return [
    ...models.Models!.map(({ ModelName }) => ModelName!),
    ...configs.EndpointConfigs!.map(({ EndpointConfigName }) => EndpointConfigName!),
    ...endpoints.Endpoints!.map(({ EndpointName }) => EndpointName!),
  ];
}

test('a stack owns an endpoint: creates it, changes it, keeps the old one when the new one fails, deletes it', async () => {
  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: template('one') }));
  const created = await settled();
  expect(created.status).toBe('CREATE_COMPLETE');
  expect(created.outputs.Arn).toBe('arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo');
  expect(await answer()).toBe('one');
  const first = await everything();
  expect(first).toHaveLength(3);

  await cloudFormation.send(new UpdateStackCommand({ StackName, TemplateBody: template('two') }));
  expect((await settled()).status).toBe('UPDATE_COMPLETE');
  expect(await answer()).toBe('two');
  const second = await everything();
  expect(second).toHaveLength(3);
  expect(second.filter((name) => first.includes(name))).toEqual(['echo']);

  await cloudFormation.send(new UpdateStackCommand({ StackName, TemplateBody: template('broken') }));
  expect((await settled()).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await answer()).toBe('two');
  expect(await everything()).toEqual(second);
  const { StackEvents } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
  const failure = StackEvents!.find(({ ResourceStatus }) => ResourceStatus === 'UPDATE_FAILED');
  expect(failure!.LogicalResourceId).toBe('Endpoint');
  const { StackResources } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName }));
  const config = StackResources!.find(({ LogicalResourceId }) => LogicalResourceId === 'Config')!.PhysicalResourceId!;
  expect(second).toContain(config.split('/')[1]);

  await cloudFormation.send(new DeleteStackCommand({ StackName }));
  while ((await everything()).length > 0) await sleep(100);
});
