import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, ListEndpointConfigsCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, AppProps, CfnOutput, Stack } from 'aws-cdk-lib';
import {
  CompressedModel,
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelEndpoint,
  ModelFormat,
  ModelSource,
} from '../../../lib';
import { REGION } from '../../../local/aws/local-aws';
import { LocalAccount } from './local-account';
import { inWords, WHAT_STAYS } from './remains';

const MODEL = resolve(__dirname, '../../golden/safetensors/llama');
let account: LocalAccount;
let runtime: SageMakerRuntimeClient;

beforeAll(async () => {
  account = await LocalAccount.open();
  // Once each: a request that is lost is not to be made good by another.
  runtime = new SageMakerRuntimeClient({
    endpoint: account.sageMakerUrl,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

afterAll(() => account.close());

function makeApp(recipe: CompressionRecipe, props: AppProps): App {
  const app = new App(props);
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
  return app;
}

type Outputs = Readonly<Record<'Artifact' | 'Machine' | 'Bucket' | 'Arn', string>>;

async function deploy(assembly: string): Promise<Outputs> {
  return (await account.deploy(assembly)).outputs as unknown as Outputs;
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
  (await account.clients.states.send(new ListExecutionsCommand({ stateMachineArn: Machine }))).executions!;

test('a model is compressed before its endpoint changes, and never twice', async () => {
  const [int8, fp8] = [CompressionRecipe.w8a16(), CompressionRecipe.fp8()].map((recipe) =>
    account.synthesize((props) => makeApp(recipe, props)),
  );
  const first = await deploy(int8);
  expect(await answer()).toBe('w8a16');
  expect(await executions(first)).toHaveLength(1);

  expect(await account.deploy(int8)).toEqual({ outputs: first, changed: false });

  const asking = keepAsking();
  const second = await deploy(fp8);
  const answers = await asking.stop();
  expect([...new Set([...answers, await answer()])]).toEqual(['w8a16', 'fp8']);
  expect(second.Artifact).not.toBe(first.Artifact);
  const [latest, ...earlier] = await executions(second);
  expect(earlier).toHaveLength(1);
  const { stopDate } = await account.clients.states.send(
    new DescribeExecutionCommand({ executionArn: latest.executionArn }),
  );
  const { EndpointConfigName } = await account.clients.sageMaker.send(
    new DescribeEndpointCommand({ EndpointName: 'llama' }),
  );
  const { EndpointConfigs } = await account.clients.sageMaker.send(new ListEndpointConfigsCommand({}));
  expect(EndpointConfigs!.map((config) => config.EndpointConfigName)).toEqual([EndpointConfigName]);
  expect(EndpointConfigs![0].CreationTime!.getTime()).toBeGreaterThanOrEqual(stopDate!.getTime());

  expect((await deploy(int8)).Artifact).toBe(first.Artifact);
  expect(await answer()).toBe('w8a16');
  expect(await executions(first)).toHaveLength(2);

  await account.destroy(int8);
  const { Contents = [] } = await account.clients.s3.send(new ListObjectsV2Command({ Bucket: first.Bucket }));
  const manifests = Contents.filter(({ Key }) => Key!.endsWith('manifest.json')).map(({ Key }) => Key!);
  expect(manifests).toHaveLength(2);
  expect(inWords(await account.left(), first.Bucket)).toEqual(WHAT_STAYS);
});
