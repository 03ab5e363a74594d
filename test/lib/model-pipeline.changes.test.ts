import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CreateModelPackageGroupCommand,
  DescribeTrainingJobResponse,
  ListModelPackagesCommand,
  Tag,
} from '@aws-sdk/client-sagemaker';
import { CompressionRecipe, ModelPipeline, ModelPipelineProps } from '../../lib';
import { release, ReleaseAnswer } from '../../lambda/release/release-model';
import { releaseStatus } from '../../lambda/release/release-status';
import { ReleaseSpecification } from '../../lambda/release/release-specification';
import { BUCKET, ECHO_SCRIPT, ROLE, SERVING_IMAGE, TestSageMaker, until } from '../local/sagemaker/test-sagemaker';
import { definitionOf, Json } from './support/definition';
import { execute, Execution, fault, TaskHandler } from './support/execute';
import { evaluationOptions, newStack, pipelineProps } from './support/pipelines';

const MODEL = gunzipSync(readFileSync(join(__dirname, '../golden/tflite/words.float.tflite.gz'))).toString('base64');
const TRAIN = `
import base64, os
open(os.path.join(os.environ["SM_MODEL_DIR"], "model.tflite"), "wb").write(base64.b64decode("${MODEL}"))
`;
const ENDPOINT = 'digits';

let sageMaker: TestSageMaker;
const saved = { ...process.env };
let builds = 0;

beforeAll(async () => {
  sageMaker = await TestSageMaker.start();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: sageMaker.aws.url,
    AWS_ENDPOINT_URL_SAGEMAKER: sageMaker.server.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    INPUTS_DIGEST: 'inputs',
  });
  await sageMaker.client.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: ENDPOINT }));
});
afterAll(async () => {
  process.env = saved;
  await sageMaker.close();
});

interface Deployed {
  readonly build: ReturnType<typeof definitionOf>;
  readonly specification: ReleaseSpecification;
}

function deployed(changes: Partial<ModelPipelineProps> = {}): Deployed {
  const stack = newStack();
  const props = pipelineProps(changes);
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, endpointName: ENDPOINT } });
  const specification = definitionOf(stack, 'ReleaseMachine').States.Release.Parameters.specification as unknown;
  return {
    build: definitionOf(stack, 'BuildMachine'),
    // What CloudFormation would fill in.
    specification: {
      ...(specification as ReleaseSpecification),
      executionRoleArn: ROLE,
      image: SERVING_IMAGE,
      kmsKeyArn: undefined,
      deploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
          TerminationWaitInSeconds: 0,
          MaximumExecutionTimeoutInSeconds: 600,
        },
      },
    },
  };
}

async function call(name: string, event: object): Promise<unknown> {
  const { handler } = (await import(`../../lambda/${name}`)) as { handler: (event: object) => Promise<unknown> };
  return handler(event);
}

const decide: TaskHandler = (event) =>
  call('decide', { ...event, bucket: BUCKET, ledger: { bucket: BUCKET, key: 'releases/digits.json' } });

/** The functions of the machine, on local services, and the release in the place of its machine. */
function handlers(specification: ReleaseSpecification): Record<string, TaskHandler> {
  const build = `deploy-${++builds}`;
  return {
    Prepare: (event) => call('prepare', { ...event, executionName: build }),
    Decide: decide,
    Train: (request) => train(request, TRAIN),
    Plan: (event) => call('plan', { ...event, bucket: BUCKET }),
    CompressItem: (event) => call('compress', event),
    Finalize: ({ work, provenance }) => call('finalize', { work, provenance }),
    CompressionGate: (event) => call('compression-gate', event),
    Register: (event) => call('register', event),
    Abort: (event) => call('abort', event),
    StartRelease: async ({ Input }) => {
      const artifact = Input.artifact as unknown as string;
      const key = artifact.slice(`s3://${BUCKET}/`.length);
      await sageMaker.put(`${key}name.txt`, artifact);
      await sageMaker.put(`${key}code/inference.py`, ECHO_SCRIPT);
      const answer = await release({ client: sageMaker.client, endpointName: ENDPOINT, artifact, specification });
      await settled(answer);
      return answer;
    },
  };
}

async function train(request: Json, script: string): Promise<DescribeTrainingJobResponse> {
  const { TrainingJobName, Tags } = request as unknown as { TrainingJobName: string; Tags: Tag[] };
  const build = /-(deploy-\d+)-/.exec(TrainingJobName)![1];
  await sageMaker.train(script, {
    TrainingJobName,
    Tags,
    OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/raw/digits/${build}/`, CompressionType: 'NONE' },
  });
  const job = await sageMaker.finished(TrainingJobName);
  if (job.TrainingJobStatus !== 'Completed') throw fault('States.TaskFailed', job.FailureReason);
  return job;
}

function settled({ endpointName, endpointConfigName }: ReleaseAnswer): Promise<unknown> {
  return until(
    () => releaseStatus({ client: sageMaker.client, endpointName, endpointConfigName }),
    ({ state }) => state !== 'InProgress',
  );
}

/** Does what a deployment starts, and the build that this starts: one after the other, as if they were one. */
async function deploy({ build, specification }: Deployed, other: Record<string, TaskHandler> = {}): Promise<Execution> {
  let model: Execution | undefined;
  const tasks: Record<string, TaskHandler> = {
    ...handlers(specification),
    StartBuild: async ({ state: { raw, prepared, decision } }) => {
      const begun = decision.begun ?? prepared.begun;
      model = await execute(build, { source: raw.source, begun }, tasks);
      return { executionArn: 'arn:build:model-1', name: 'model-1', started: true, status: 'RUNNING' };
    },
    ...other,
  };
  const { path, inputs, ...end } = await execute(build, { ifChanged: true }, tasks);
  const { Prepare } = inputs;
  return {
    ...(model ?? end),
    path: [...path, ...(model?.path ?? [])],
    inputs: { ...inputs, ...model?.inputs, Prepare },
  };
}

async function versions(): Promise<number> {
  const listed = await sageMaker.client.send(new ListModelPackagesCommand({ ModelPackageGroupName: ENDPOINT }));
  return listed.ModelPackageSummaryList!.length;
}

const did = ({ inputs }: Execution): string[] => Object.keys(inputs).filter((state) => state !== 'Decide');
const served = async (): Promise<string> => (await sageMaker.invoke(ENDPOINT)).model;
const artifactOf = (build: number): string => `s3://${BUCKET}/compressed/digits/deploy-${build}/`;

const BUILT = ['StartBuild', 'Plan', 'CompressItem', 'Finalize', 'CompressionGate', 'Register', 'StartRelease'];
const TRAINED = ['Prepare', 'Train', ...BUILT];
const COMPRESSED = ['Prepare', ...BUILT];

/** Each test goes on where the one before it stopped, as deployments do. */
describe('a deployment', () => {
  const int8 = { recipe: CompressionRecipe.int8() };
  const fp16 = { recipe: CompressionRecipe.fp16() };
  const longer = { ...pipelineProps().training!, hyperparameters: { epochs: 50 } };
  const larger = { ...pipelineProps().endpoint, instanceCount: 2 };

  test('trains the first time, and the second time finds everything done', async () => {
    const stack = deployed();
    const first = await deploy(stack);
    expect(first.error).toBeUndefined();
    expect(did(first)).toEqual(TRAINED);
    expect(await served()).toBe(artifactOf(1));
    const again = await deploy(stack);
    expect(did(again)).toEqual(['Prepare', 'StartRelease']);
    expect(again.path).toContain('ArtifactKept');
    expect(await served()).toBe(artifactOf(1));
  });

  test('of another endpoint releases the current artifact again', async () => {
    const before = (await sageMaker.describe(ENDPOINT)).EndpointConfigName;
    const run = await deploy(deployed({ endpoint: larger }));
    expect(did(run)).toEqual(['Prepare', 'StartRelease']);
    expect(await served()).toBe(artifactOf(1));
    expect((await sageMaker.describe(ENDPOINT)).EndpointConfigName).not.toBe(before);
  });

  test('of moved limits judges the current artifact before it is released again', async () => {
    const [before, registered] = [(await sageMaker.describe(ENDPOINT)).EndpointConfigName, await versions()];
    const limits = { minCompressionRatio: 100 };
    const failed = await deploy(deployed({ endpoint: larger, limits }));
    expect(did(failed)).toEqual(['Prepare', 'CompressionGate']);
    expect(failed).toMatchObject({
      error: 'GateFailed',
      cause: expect.stringMatching(/compression ratio: \d/) as string,
    });
    const moved = deployed({ endpoint: larger, limits: { minCompressionRatio: 1.5 } });
    expect(did(await deploy(moved))).toEqual(['Prepare', 'CompressionGate', 'Register', 'StartRelease']);
    expect(did(await deploy(moved))).toEqual(['Prepare', 'StartRelease']);
    expect((await sageMaker.describe(ENDPOINT)).EndpointConfigName).toBe(before);
    expect(await versions()).toBe(registered);
  });

  test('of another recipe compresses the current raw model again, and none of an earlier one is lost', async () => {
    const run = await deploy(deployed({ compression: fp16 }));
    expect(did(run)).toEqual(COMPRESSED);
    expect(run.inputs.Plan[0].source).toMatch(/\/raw\/digits\/deploy-1\/.*\/output\/model\/$/);
    expect(await served()).toBe(artifactOf(builds));
    const back = await deploy(deployed({ compression: int8 }));
    expect(did(back)).toEqual(COMPRESSED);
    expect(await served()).toBe(artifactOf(builds));
  });

  test('evaluates what it compressed again in a job of its own name', async () => {
    const run = await deploy(deployed({ compression: fp16, evaluation: evaluationOptions() }), {
      Evaluate: ({ ProcessingOutputConfig }) => ({
        ProcessingJobName: 'evaluated',
        ProcessingJobArn: 'arn',
        ProcessingOutputConfig,
      }),
      EvaluationGate: () => ({ metrics: [] }),
    });
    expect(run.error).toBeUndefined();
    expect(run.path).toContain('RawModelKept');
    expect(run.inputs.Evaluate[0].ProcessingJobName).toMatch(/^digits-deploy-\d+-[0-9a-f]{4}$/);
  });

  test('of another training trains, and once only, though what follows fails', async () => {
    const broken = await deploy(deployed({ training: longer }), {
      Plan: () => {
        throw fault('InvalidRecipe');
      },
    });
    expect(broken.error).toBeDefined();
    expect(did(broken)).toEqual(['Prepare', 'Train', 'StartBuild', 'Plan', 'Abort']);
    const failed = builds;
    const run = await deploy(deployed({ training: longer, compression: fp16 }));
    expect(did(run)).toEqual(COMPRESSED);
    expect(run.inputs.Plan[0].source).toContain(`/raw/digits/deploy-${failed}/`);
    expect(await served()).toBe(artifactOf(builds));
  });

  test('waits for a training with the same inputs instead of starting a second one', async () => {
    const longest = { ...longer, hyperparameters: { epochs: 99 } };
    const stack = deployed({ training: longest });
    let decisions = 0;
    let waited: Promise<Execution> | undefined;
    const first = await deploy(stack, {
      Train: async (request) => {
        const running = train(request, `${TRAIN}\nimport time; time.sleep(2)`);
        const name = request.TrainingJobName as unknown as string;
        await until(
          () => sageMaker.job(name).catch(() => undefined),
          (job) => job !== undefined,
        );
        waited = deploy(stack, {
          Decide: (event) => (++decisions > 1 ? sageMaker.finished(name).then(() => decide(event)) : decide(event)),
        });
        return running;
      },
      StartRelease: () => ({}),
    });
    expect(did(first)).toEqual(TRAINED);
    const second = await waited!;
    expect(second.path).toContain('UnderWay');
    expect(did(second)).toEqual(COMPRESSED);
  });

  test('keeps a model that was put back by hand', async () => {
    const { specification } = deployed({ endpoint: larger });
    const good = artifactOf(builds);
    await settled(await release({ client: sageMaker.client, endpointName: ENDPOINT, artifact: good, specification }));
    const run = await deploy(deployed({ training: { ...longer, hyperparameters: { epochs: 99 } }, endpoint: larger }));
    expect(did(run)).toEqual(['Prepare', 'StartRelease']);
    expect(await served()).toBe(good);
  });

  test('without a training and without a model does nothing', async () => {
    const run = await deploy(deployed({ training: undefined, modelName: 'other' }), {
      Decide: (event) => decide({ ...event, endpointName: 'none' } as unknown as Json),
    });
    expect(run.error).toBeUndefined();
    expect(run.path.slice(-1)).toEqual(['NothingToDo']);
  });
});
