import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateEndpointConfigCommandInput,
  CreateModelCommand,
  CreateTrainingJobCommand,
  CreateTrainingJobRequest,
  DescribeEndpointCommand,
  DescribeEndpointOutput,
  DescribeTrainingJobCommand,
  DescribeTrainingJobResponse,
  ProductionVariant,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointCommand,
  InvokeEndpointCommandInput,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { create } from 'tar';
import { testPython } from '../../support/python';
import { LocalSageMaker } from '../../../local/sagemaker/options';
import { startLocalSageMaker } from '../../../local/sagemaker/server';
import { startTestAws, TestAws } from '../../support/local-aws';

export const BUCKET = 'models';
export const ROLE = 'arn:aws:iam::123456789012:role/test';
export const TRAINING_IMAGE = '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.9.0-gpu-py312';
export const SERVING_IMAGE = '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312';

/** A script in the inference contract that answers with what lies in the model's name.txt. */
export const ECHO_SCRIPT = `
import json, os, time

def model_fn(model_dir):
    return open(os.path.join(model_dir, "name.txt")).read()

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(data, model):
    if data.get("fail"):
        raise ValueError("asked to fail")
    if data.get("exit"):
        os._exit(3)
    time.sleep(data.get("sleep", 0))
    return {"model": model, "pid": os.getpid()}

def output_fn(prediction, accept):
    return json.dumps(prediction)
`;

/** A local SageMaker on a local AWS of its own, with unmodified clients for both. */
export class TestSageMaker {
  server!: LocalSageMaker;
  client!: SageMakerClient;
  runtime!: SageMakerRuntimeClient;
  readonly lines: string[] = [];
  private count = 0;

  private constructor(
    readonly aws: TestAws,
    readonly python: string,
    readonly folder: string,
    private readonly waitScale?: number,
  ) {}

  /** @param waitScale share of their time at which the waits of deployment policies pass. */
  static async start(waitScale?: number): Promise<TestSageMaker> {
    const python = testPython();
    const aws = await startTestAws();
    const made = new TestSageMaker(aws, python, mkdtempSync(join(tmpdir(), 'modelpress-sagemaker-')), waitScale);
    await aws.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await made.open();
    return made;
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  /** Starts the server on the folder of the last one. */
  async open(): Promise<void> {
    this.server = await startLocalSageMaker({
      stateDir: this.stateDir,
      python: this.python,
      s3Endpoint: this.aws.url,
      waitScale: this.waitScale,
      log: (line) => this.lines.push(line),
    });
    this.useAddress(this.server.url);
  }

  /** Makes the clients talk to a server at this address. */
  useAddress(url: string): void {
    this.client = new SageMakerClient({ ...this.aws.config, endpoint: url });
    // One attempt: a retry would hide a request that was lost.
    this.runtime = new SageMakerRuntimeClient({ ...this.aws.config, endpoint: url, maxAttempts: 1 });
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.aws.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  name(kind: string): string {
    return `${kind}-${++this.count}`;
  }

  async put(key: string, body: string | Uint8Array): Promise<void> {
    await this.aws.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  }

  async get(key: string): Promise<Uint8Array> {
    return (await this.aws.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))).Body!.transformToByteArray();
  }

  async keys(prefix: string): Promise<string[]> {
    const found = await this.aws.s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
    return (found.Contents ?? []).map((object) => object.Key!);
  }

  /** Uploads files as one .tar.gz and returns its address. */
  async putArchive(files: Readonly<Record<string, string>>): Promise<string> {
    const name = this.name('archive');
    const folder = join(this.folder, name);
    await mkdir(folder);
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    await create({ file: `${folder}.tar.gz`, cwd: folder, gzip: true }, Object.keys(files));
    await this.put(`${name}.tar.gz`, await readFile(`${folder}.tar.gz`));
    return `s3://${BUCKET}/${name}.tar.gz`;
  }

  /** Starts a training job that runs a Python script; returns its name. */
  async train(script: string, more: Partial<CreateTrainingJobRequest> = {}): Promise<string> {
    const TrainingJobName = this.name('job');
    await this.client.send(
      new CreateTrainingJobCommand({
        TrainingJobName,
        RoleArn: ROLE,
        AlgorithmSpecification: { TrainingImage: TRAINING_IMAGE, TrainingInputMode: 'File' },
        OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/raw`, CompressionType: 'NONE' },
        ResourceConfig: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 },
        StoppingCondition: { MaxRuntimeInSeconds: 3600 },
        ...more,
        HyperParameters: {
          sagemaker_program: '"train.py"',
          sagemaker_submit_directory: JSON.stringify(await this.putArchive({ 'train.py': script })),
          ...more.HyperParameters,
        },
      }),
    );
    return TrainingJobName;
  }

  async job(name: string): Promise<DescribeTrainingJobResponse> {
    return this.client.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
  }

  async finished(name: string): Promise<DescribeTrainingJobResponse> {
    return until(
      () => this.job(name),
      (job) => !['InProgress', 'Stopping'].includes(job.TrainingJobStatus!),
    );
  }

  /** Makes a model that answers with `answer`, and an endpoint config on it; returns the name of both. */
  async config(
    answer: string,
    script = ECHO_SCRIPT,
    variant: Partial<ProductionVariant> = {},
    more: Partial<CreateEndpointConfigCommandInput> = {},
  ): Promise<string> {
    const name = this.name('config');
    await this.put(`artifacts/${name}/name.txt`, answer);
    await this.put(`artifacts/${name}/code/inference.py`, script);
    const source = {
      S3Uri: `s3://${BUCKET}/artifacts/${name}/`,
      S3DataType: 'S3Prefix',
      CompressionType: 'None',
    } as const;
    await this.client.send(
      new CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: ROLE,
        PrimaryContainer: { Image: SERVING_IMAGE, ModelDataSource: { S3DataSource: source } },
      }),
    );
    await this.client.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: name,
        ProductionVariants: [
          {
            VariantName: 'AllTraffic',
            ModelName: name,
            InitialInstanceCount: 1,
            InstanceType: 'ml.g5.xlarge',
            ...variant,
          },
        ],
        ...more,
      }),
    );
    return name;
  }

  /** Creates an endpoint and waits until it has settled; returns its name. */
  async endpoint(config: string): Promise<string> {
    const name = this.name('endpoint');
    await this.client.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: config }));
    await this.settled(name);
    return name;
  }

  describe(name: string): Promise<DescribeEndpointOutput> {
    return this.client.send(new DescribeEndpointCommand({ EndpointName: name }));
  }

  async settled(name: string): Promise<DescribeEndpointOutput> {
    return until(
      () => this.describe(name),
      (endpoint) => ['InService', 'Failed'].includes(endpoint.EndpointStatus!),
    );
  }

  async invoke(
    name: string,
    body: object = {},
    more: Partial<InvokeEndpointCommandInput> = {},
  ): Promise<{ model: string; pid: number }> {
    const answer = await this.runtime.send(
      new InvokeEndpointCommand({
        EndpointName: name,
        ContentType: 'application/json',
        Body: JSON.stringify(body),
        ...more,
      }),
    );
    return JSON.parse(Buffer.from(answer.Body).toString()) as { model: string; pid: number };
  }
}

/** Sends requests without a pause until `stop`; remembers who answered and what went wrong. */
export function pump(
  sageMaker: TestSageMaker,
  endpoint: string,
  more: Partial<InvokeEndpointCommandInput> = {},
): { stop(): Promise<void>; models: string[]; errors: unknown[] } {
  let going = true;
  const models: string[] = [];
  const errors: unknown[] = [];
  const send = async (): Promise<void> => {
    while (going) {
      await sageMaker.invoke(endpoint, { sleep: 0.01 }, more).then(
        ({ model }) => models.push(model),
        (error: unknown) => errors.push(error),
      );
    }
  };
  const senders = [send(), send(), send()];
  return {
    models,
    errors,
    stop: async () => {
      going = false;
      await Promise.all(senders);
    },
  };
}

/** Asks until the answer is right; jest's own limit ends a wait that never does. */
export async function until<T>(ask: () => Promise<T> | T, isRight: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    await sleep(50);
  }
}

/** Waits until a process is gone: the last of a group that is stopped goes a moment after its leader. */
export async function gone(pid: number): Promise<void> {
  await until(
    () => isAlive(pid),
    (alive) => !alive,
  );
}

/** Whether a process is alive; one that only waits to be collected is not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(status);
}
