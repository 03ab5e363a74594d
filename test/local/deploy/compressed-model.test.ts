import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { context } from '../../../cdk.json';
import {
  CompressedModel,
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelEndpoint,
  ModelFormat,
  ModelSource,
} from '../../../lib';
import { ACCOUNT, REGION } from '../../../local/aws/local-aws';
import { runCdk } from '../../../local/deploy/cdk';
import { choosePorts, Services, startServices } from '../../../local/loop/services';
import { ensurePython } from '../../../local/python/ensure-python';

const ROOT = resolve(__dirname, '../../..');
const MODEL = join(ROOT, 'test', 'golden', 'safetensors', 'llama');
const stateDir = mkdtempSync(join(tmpdir(), 'modelpress-deploy-'));
const empty = join(stateDir, 'empty');
let services: Services;
let states: SFNClient;
let s3: S3Client;
let sageMaker: SageMakerClient;
let runtime: SageMakerRuntimeClient;

beforeAll(async () => {
  const { python } = await ensurePython();
  mkdirSync(empty);
  services = await startServices({ stateDir, python, report: () => undefined, ...(await choosePorts()) });
  const config = { region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  states = new SFNClient({ ...config, endpoint: services.awsUrl });
  s3 = new S3Client({ ...config, endpoint: services.awsUrl, forcePathStyle: true });
  sageMaker = new SageMakerClient({ ...config, endpoint: services.sageMakerUrl });
  runtime = new SageMakerRuntimeClient({ ...config, endpoint: services.sageMakerUrl, maxAttempts: 1 });
});

afterAll(async () => {
  await services.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const cdk = (args: string[]) => runCdk({ root: ROOT, stateDir, awsUrl: services.awsUrl }, args, 120_000, empty);

function synthesize(recipe: CompressionRecipe): string {
  const app = new App({ context, outdir: mkdtempSync(join(stateDir, 'assembly-')) });
  const stack = new Stack(app, 'Serving');
  const model = new CompressedModel(stack, 'Model', {
    modelName: 'llama',
    modelFormat: ModelFormat.SAFETENSORS,
    source: ModelSource.fromAsset(MODEL),
    recipe,
    codeDirectory: join(__dirname, 'fixtures', 'serving'),
  });
  const endpoint = new ModelEndpoint(stack, 'Endpoint', {
    model,
    image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
    instanceType: MlInstanceType.C7I_LARGE,
    endpointName: 'llama',
  });
  new CfnOutput(stack, 'Artifact', { value: model.artifact });
  new CfnOutput(stack, 'Machine', { value: model.compressor.stateMachine.stateMachineArn });
  new CfnOutput(stack, 'Bucket', { value: model.models.bucket.bucketName });
  new CfnOutput(stack, 'Arn', { value: endpoint.endpointArn });
  return app.synth().directory;
}

type Outputs = Readonly<Record<'Artifact' | 'Machine' | 'Bucket' | 'Arn', string>>;

async function deploy(assembly: string): Promise<Outputs> {
  const file = join(stateDir, 'outputs.json');
  const options = ['--method', 'direct', '--require-approval', 'never', '--outputs-file', file];
  await cdk(['deploy', '--app', assembly, '--all', ...options]);
  return (JSON.parse(readFileSync(file, 'utf8')) as { Serving: Outputs }).Serving;
}

async function answer(): Promise<string> {
  const { Body } = await runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'llama', ContentType: 'application/json', Body: '{}' }),
  );
  return (JSON.parse(Buffer.from(Body).toString()) as { recipe: string }).recipe;
}

/** Asks without a pause until it is told to stop. */
function keepAsking(): { stop(): Promise<string[]> } {
  let asking = true;
  const answers = (async () => {
    const all: string[] = [];
    while (asking) {
      all.push(await answer());
      await sleep(20);
    }
    return all;
  })();
  return {
    stop: () => {
      asking = false;
      return answers;
    },
  };
}

const executions = async ({ Machine }: Outputs) =>
  (await states.send(new ListExecutionsCommand({ stateMachineArn: Machine }))).executions!;

test('a model is compressed before its endpoint changes, and never twice', async () => {
  const [int8, fp8] = [CompressionRecipe.w8a16(), CompressionRecipe.fp8()].map(synthesize);
  await cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
  const first = await deploy(int8);
  expect(await answer()).toBe('w8a16');
  expect(await executions(first)).toHaveLength(1);

  const again = await deploy(int8);
  expect(readFileSync(join(stateDir, 'logs', 'cdk-deploy.log'), 'utf8')).toContain('(no changes)');
  expect(again).toEqual(first);

  const asking = keepAsking();
  const second = await deploy(fp8);
  const answers = await asking.stop();
  expect([...new Set([...answers, await answer()])]).toEqual(['w8a16', 'fp8']);
  expect(second.Artifact).not.toBe(first.Artifact);
  const [latest, ...earlier] = await executions(second);
  expect(earlier).toHaveLength(1);
  const { stopDate } = await states.send(new DescribeExecutionCommand({ executionArn: latest.executionArn }));
  const { EndpointConfigName } = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: 'llama' }));
  const { EndpointConfigs } = await sageMaker.send(new ListEndpointConfigsCommand({}));
  expect(EndpointConfigs!.map((config) => config.EndpointConfigName)).toEqual([EndpointConfigName]);
  expect(EndpointConfigs![0].CreationTime!.getTime()).toBeGreaterThanOrEqual(stopDate!.getTime());

  expect((await deploy(int8)).Artifact).toBe(first.Artifact);
  expect(await answer()).toBe('w8a16');
  expect(await executions(first)).toHaveLength(2);

  await cdk(['destroy', '--app', int8, '--all', '--force']);
  const left = await Promise.all([
    sageMaker.send(new ListModelsCommand({})),
    sageMaker.send(new ListEndpointConfigsCommand({})),
    sageMaker.send(new ListEndpointsCommand({})),
  ]);
  expect([left[0].Models, left[1].EndpointConfigs, left[2].Endpoints]).toEqual([[], [], []]);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: first.Bucket }));
  const manifests = Contents.filter(({ Key }) => Key!.endsWith('manifest.json')).map(({ Key }) => Key!);
  expect(manifests).toHaveLength(2);
}, 240_000);
