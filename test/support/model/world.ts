import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { CloudWatchClient, GetMetricDataCommandInput, Metric } from '@aws-sdk/client-cloudwatch';
import { S3Client } from '@aws-sdk/client-s3';
import { CreateTrainingJobCommandInput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Ledger } from '../../../lambda/release/ledger';
import { Json } from '../../lib/support/definition';
import { execute, Execution, executionArn, fault, TaskHandler } from '../../lib/support/execute';
import { FUNCTIONS, TRIGGERS } from './functions';
import { Invocation, Mishap } from './invocation';
import { S3Model } from './s3-model';
import { SageMakerModel } from './sagemaker-model';
import { BUCKET, ENDPOINT, Machine, Stage } from './stage';
import { Choose, inOrder, Thread, Threads } from './threads';

const MODEL = gunzipSync(readFileSync(join(__dirname, '../../golden/tflite/narrow.float.tflite.gz')));

/** After these, an execution only looks again. */
const WAITING = ['ReleaseQueued', 'EndpointBusy'];

/** Calls by which two executions can get into each other's way. */
const SHARED = /^(Create|Update|Delete|Describe)Endpoint$|^(Create|Delete)(EndpointConfig|Model)$|Execution$/;

/** Calls that leave something behind. */
const CHANGES = /^(Put|Create|Update|Upload|Complete|Abort|Delete|Start)/;

export interface Started extends Partial<Execution> {
  readonly machine: Machine;
  readonly name: string;
  readonly arn: string;
  readonly input: object;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly thread: Thread;
}

export interface WorldOptions {
  /**
   * Where another execution may come between, or an execution may be cut off: before every state, and besides before
   * calls by which two executions can meet, before those that change anything, or before every call.
   */
  readonly points?: 'states' | 'shared' | 'changes' | 'calls';
  /** What a state fails with instead of doing its work. */
  readonly fault?: (state: string, input: Json, execution: string) => Error | undefined;
  /** What else than an answer comes of calling the function of a state. */
  readonly mishap?: (state: string, execution: string) => Mishap | undefined;
  /** What an evaluation measures. */
  readonly metrics?: object;
}

/** When the first execution begins, in milliseconds since 1970. */
const START = Date.UTC(2026, 0, 1);

/**
 * A pipeline and all that it works with, in memory: the machines of its template, the functions that they call, and
 * models of the services that those call. Which execution goes on is decided by the test.
 */
export class World {
  /** Lets the clients of all functions talk to the world that was made last, and loads the functions. */
  static async open(): Promise<void> {
    const clients = [
      S3Client,
      SageMakerClient,
      SageMakerRuntimeClient,
      SFNClient,
      LambdaClient,
      CloudWatchClient,
      ApplicationAutoScalingClient,
    ];
    for (const client of clients) {
      Object.defineProperty(client.prototype, 'send', {
        configurable: true,
        value: (command: { constructor: { name: string }; input: object }) =>
          World.present!.send(client.name, command.constructor.name.replace(/Command$/, ''), command.input),
      });
    }
    process.env.RELEASE_MACHINE_ARN = 'arn:aws:states:us-east-1:111122223333:stateMachine:release';
    process.env.STATE_MACHINE_ARN = 'arn:aws:states:us-east-1:111122223333:stateMachine:build';
    Object.assign(process.env, {
      BUCKET,
      PREFIX: 'uploads/digits/',
      FORMAT: 'tflite',
      LINGER_SECONDS: '120',
      START_SECONDS: '120',
      LEFT_BEHIND_FUNCTION: 'left-behind',
    });
    for (const file of new Set([...Object.values(FUNCTIONS), ...TRIGGERS])) {
      const { handler } = (await import(`../../../lambda/${file}`)) as { handler: TaskHandler };
      World.functions.set(file, handler);
    }
  }

  private static present?: World;
  private static readonly functions = new Map<string, TaskHandler>();

  readonly threads = new Threads();
  readonly s3 = new S3Model(() => this.since());
  readonly sageMaker = new SageMakerModel(() => this.threads.own?.name ?? 'somebody');
  readonly executions = new Map<string, Started>();
  private begun = 0;
  private puts = 0;

  constructor(
    private stage: Stage,
    readonly options: WorldOptions = {},
  ) {
    World.present = this;
    this.redeploy(stage);
  }

  /** Puts another stage in the place of the one that is deployed; what runs goes on with the machine that it began with. */
  redeploy(stage: Stage): void {
    this.stage = stage;
    process.env.INPUTS_DIGEST = stage.inputsDigest ?? '';
    for (const [place, body] of stage.assets) this.s3.put(place, body);
  }

  /** Another world that is as this one is now; with another stage, it is as after a deployment. */
  copy(options: WorldOptions = this.options, stage = this.stage): World {
    const copy = new World(stage, options);
    copy.s3.copy(this.s3);
    copy.sageMaker.copy(this.sageMaker);
    for (const [arn, execution] of this.executions) copy.executions.set(arn, { ...execution });
    copy.begun = this.begun;
    copy.puts = this.puts;
    return copy;
  }

  /** Stores a raw model; returns its address. */
  upload(folder: string): string {
    this.s3.put(`${BUCKET}/${folder}model.tflite`, MODEL);
    return `s3://${BUCKET}/${folder}`;
  }

  /** Stores a raw model and starts its build under a name that tells it apart; it goes on when `run` lets it. */
  build(name: string): Started {
    return this.start('build', name, { source: this.upload(`uploads/digits/${name}/`) });
  }

  /** Stores a finished artifact, begun after the one before; returns the input that its build would give. */
  finished(build: string): { build: string; artifact: string } {
    const artifact = `compressed/digits/${build}/`;
    this.s3.put(`${BUCKET}/${artifact}manifest.json`, JSON.stringify({ provenance: { begun: this.now() } }));
    return { build, artifact: `s3://${BUCKET}/${artifact}` };
  }

  /** Starts an execution; it goes on when `run` lets it. */
  start(machine: Machine, name: string, input: object): Started {
    const arn = executionArn({ machine, name });
    if (this.executions.has(arn)) throw fault('ExecutionAlreadyExists');
    const startTime = this.now();
    const thread = this.threads.start(name, async () => {
      const done = await execute(
        this.stage.machines[machine]!,
        input,
        this.tasks(() => started),
        { machine, name, startTime },
      );
      if (started.status === 'RUNNING')
        Object.assign(started, done, { status: done.error === undefined ? 'SUCCEEDED' : 'FAILED' });
      if (!thread.isStopped) this.end(started);
    });
    const started: Started = { machine, name, arn, input, thread, status: 'RUNNING' };
    this.executions.set(arn, started);
    return started;
  }

  /**
   * Stops an execution: no further state of it begins, and a function that it had called goes on. As Step Functions
   * does, it stops the job that it waits for.
   */
  stop(execution: Started): void {
    if (execution.status === 'RUNNING') execution.status = 'ABORTED';
    for (const job of this.sageMaker.jobs.values())
      if (job.status === 'InProgress' && job.request.TrainingJobName!.includes(`-${execution.name}-`))
        job.status = 'Stopped';
  }

  /** Cuts an execution off, in the middle of a function too: nothing of it happens any more. */
  cut(execution: Started): void {
    this.stop(execution);
    this.end(execution);
  }

  private end({ name, thread }: Started): void {
    thread.stop();
    this.sageMaker.changes.push({ by: name, operation: 'end' });
  }

  /**
   * Tells that a model package was changed, as EventBridge would.
   *
   * @param changed The fields that were; undefined for an event that does not say, such as of one that was just made.
   */
  tellOf(modelPackage: string, name: string, changed?: readonly string[]): void {
    const { LastModifiedTime } = this.sageMaker.send('DescribeModelPackage', { ModelPackageName: modelPackage }) as {
      LastModifiedTime: Date;
    };
    const time = LastModifiedTime.toISOString();
    const detail = { ModelPackageArn: modelPackage, LastModifiedTime: time, UpdatedModelPackageFields: changed };
    this.threads.start(name, () => this.trigger('release-approved', { detail }));
  }

  /** Calls a function that states do not call. */
  async trigger(file: string, event: object = {}): Promise<unknown> {
    return World.functions.get(file)!(event as Json);
  }

  /** Goes on once something is so that others see to. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      this.threads.own!.isAsleep = true;
      await this.threads.point();
    }
  }

  /** Starts what comes by long after builds that did not succeed, as EventBridge would. */
  removeLeftBehind(): void {
    for (const { arn, name, status } of this.of('build'))
      if (status !== 'SUCCEEDED') this.start('left-behind', `behind-${name}-${this.begun}`, { execution: arn });
  }

  /** Until everything that was started has ended. */
  async run(choose: Choose = inOrder, after?: (thread: Thread) => void): Promise<void> {
    await this.threads.run(choose, after);
  }

  of(machine: Machine): Started[] {
    return [...this.executions.values()].filter((execution) => execution.machine === machine);
  }

  /** The build that an execution of the build machine has led to: its own, or the one that it started. */
  buildOf({ output }: Started): Started | undefined {
    const started = (output as { started?: { executionArn: string } } | undefined)?.started;
    return started && this.executions.get(started.executionArn);
  }

  /** Name of the build whose artifact serves. */
  get serves(): string | undefined {
    return this.sageMaker.served(ENDPOINT)?.split('/').at(-2);
  }

  get ledger(): Ledger | undefined {
    const text = this.s3.text(`${BUCKET}/releases/${ENDPOINT}.json`);
    return text === undefined ? undefined : (JSON.parse(text) as Ledger);
  }

  /** The second in which something begins: another each time. */
  private now(): string {
    this.puts = 0;
    return new Date(START + this.begun++ * 1000).toISOString();
  }

  /** A time after what has begun last, and before what begins next. */
  private since(): number {
    this.puts = Math.min(this.puts + 1, 999);
    return START + (this.begun - 1) * 1000 + this.puts;
  }

  private tasks(started: () => Started): Record<string, TaskHandler> {
    const own = {
      Train: (input: Json) => this.train(input),
      Evaluate: (input: Json) => this.evaluate(input),
      StartRelease: (input: Json) => this.startRelease(input),
    };
    const functions = Object.entries(FUNCTIONS).map(([state, file]) => [state, World.functions.get(file)!] as const);
    return Object.fromEntries(
      [...Object.entries(own), ...functions].map(([state, task]): [string, TaskHandler] => [
        state,
        async (input) => {
          const { name, thread } = started();
          if (!thread.isStopped) await this.threads.point();
          if (started().status === 'ABORTED') {
            if (!thread.isStopped) this.end(started());
            throw fault('CutOff');
          }
          const error = this.options.fault?.(state, input, name);
          if (error !== undefined) throw error;
          try {
            const answer = await this.invoke(state, name, () => task(input));
            if ((answer as { action?: string } | undefined)?.action === 'wait') thread.isAsleep = true;
            return answer;
          } catch (problem) {
            if (WAITING.includes((problem as Error).name)) thread.isAsleep = true;
            throw problem;
          }
        },
      ]),
    );
  }

  private async invoke(state: string, execution: string, task: () => unknown): Promise<unknown> {
    const mishap = this.options.mishap?.(state, execution);
    const invocation = new Invocation(mishap);
    if (mishap?.goesOn !== true) return invocation.run(task);
    this.threads.start(`${execution}'s ${state}`, () => invocation.run(task).catch(() => undefined));
    throw mishap.error;
  }

  /** What Step Functions does for a state that waits for a job. */
  private async train(input: Json): Promise<object> {
    const request = input as unknown as CreateTrainingJobCommandInput;
    const name = request.TrainingJobName!;
    this.sageMaker.send('CreateTrainingJob', request);
    await this.threads.point();
    const job = this.sageMaker.jobs.get(name)!;
    this.upload(job.output.slice(`s3://${BUCKET}/`.length));
    job.status = 'Completed';
    return this.sageMaker.send('DescribeTrainingJob', { TrainingJobName: name });
  }

  private evaluate({ ProcessingJobName, ProcessingOutputConfig }: Json): object {
    const place = ProcessingOutputConfig.Outputs[0 as unknown as string].S3Output.S3Uri as unknown as string;
    this.s3.put(`${place.slice('s3://'.length)}metrics.json`, JSON.stringify(this.options.metrics));
    return { ProcessingJobName, ProcessingJobArn: 'arn', ProcessingOutputConfig };
  }

  private startRelease({ Name, Input }: Json): object {
    try {
      return { executionArn: this.start('release', Name as unknown as string, Input).arn };
    } catch (error) {
      throw fault(`StepFunctions.${(error as Error).name}Exception`);
    }
  }

  private async send(client: string, name: string, input: object): Promise<object> {
    const { points = 'states' } = this.options;
    const isLedger = client === 'S3Client' && ((input as { Key?: string }).Key ?? '').startsWith('releases/');
    const isPoint =
      points === 'calls' ||
      (points === 'shared' ? isLedger || SHARED.test(name) : points === 'changes' && CHANGES.test(name));
    Invocation.own?.check(CHANGES.test(name));
    if (isPoint || this.threads.own?.isStopped === true) await this.threads.point();
    if (client === 'S3Client') return this.s3.send(name, input);
    if (client === 'SageMakerClient') return this.sageMaker.send(name, input);
    if (client === 'SageMakerRuntimeClient') return this.answer();
    if (client === 'LambdaClient') return this.invokeFunction(input as InvokeCommandInput);
    if (client === 'SFNClient') return this.sendStates(name, input as never);
    if (name === 'GetMetricData') return this.measure(input as GetMetricDataCommandInput);
    return {};
  }

  /** A thousand requests, on which artifacts with `failing` in their names fail in the shadow. */
  private measure({ MetricDataQueries = [], StartTime }: GetMetricDataCommandInput): object {
    const fails = this.sageMaker.shadowed(ENDPOINT)?.includes('failing') === true;
    const valueOf = ({ MetricName, Dimensions = [] }: Metric, stat: string): number => {
      const isShadow = Dimensions.some(({ Value }) => Value === 'shadow');
      if (MetricName === 'InvocationModelErrors') return isShadow && fails ? 1000 : 0;
      return stat === 'p99' ? 5000 : 1000;
    };
    return {
      MetricDataResults: MetricDataQueries.map(({ Id, MetricStat }) => ({
        Id,
        Timestamps: [StartTime],
        Values: [valueOf(MetricStat!.Metric!, MetricStat!.Stat!)],
      })),
    };
  }

  private async invokeFunction({ FunctionName, Payload }: InvokeCommandInput): Promise<object> {
    const answer = await this.trigger(
      FunctionName!,
      JSON.parse(Buffer.from(Payload as Uint8Array).toString()) as object,
    );
    return { Payload: Buffer.from(JSON.stringify(answer)) };
  }

  private answer(): object {
    return { Body: Buffer.from(JSON.stringify({ value: this.serves!.includes('wrong') ? 0.1 : 0.9 })) };
  }

  private sendStates(
    name: string,
    input: { executionArn: string; name: string; input: string; stateMachineArn: string; statusFilter?: string },
  ): object {
    if (name === 'ListExecutions') {
      const machine = /release|left-behind/.exec(input.stateMachineArn.toLowerCase())?.[0] ?? 'build';
      const found = this.of(machine as Machine).filter(({ status }) => status === (input.statusFilter ?? status));
      return { executions: found.reverse().map((it) => ({ executionArn: it.arn, name: it.name, ...statusOf(it) })) };
    }
    if (name === 'StartExecution') {
      const machine = input.stateMachineArn.split(':').at(-1) as Machine;
      return { executionArn: this.start(machine, input.name, JSON.parse(input.input) as object).arn };
    }
    const found = this.executions.get(input.executionArn);
    if (found === undefined) throw fault('ExecutionDoesNotExist');
    if (name === 'StopExecution') this.stop(found);
    return { input: JSON.stringify(found.input), ...statusOf(found) };
  }
}

function statusOf({ status, thread }: Started): object {
  if (status === 'RUNNING') return { status };
  // Functions have ended by the time that a turn is passed on.
  return { status, stopDate: thread.isStopped || thread.isDone ? new Date(0) : new Date() };
}
