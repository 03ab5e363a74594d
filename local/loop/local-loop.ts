import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { join } from 'node:path';
import { deployApp, StackOutputs } from '../deploy/deploy-app';
import { ensurePython } from '../python/ensure-python';
import { approvalHelp, approvedRelease, awaitedPackage } from './approval';
import { Clients, makeClients } from './clients';
import { ConsoleView } from './console-view';
import { formatMetrics, readMetrics } from './evaluation';
import { Example, findExample, readSamples, Sample } from './examples';
import { findString } from './find-value';
import { FinishedExecution, followExecution, startedBuild, startedExecution } from '../../executions/follow-execution';
import { tellFailure } from './failure-report';
import { invocationHelp, pipelineHelp } from './invocation-help';
import { LoopOptions } from './options';
import { formatPredictions, predict } from './predictions';
import { BusyError, RunFile, RunningLoop } from './run-file';
import { choosePorts, resetState, Services, startServices } from './services';

const PREDICTIONS = 5;

/** The whole loop on one machine: start, deploy, build, evaluate, release, predict. */
export class LocalLoop {
  private readonly example: Example;
  private readonly runFile: RunFile;
  private services: Services | undefined;
  private starting: Promise<unknown> = Promise.resolve();
  private clients: Clients | undefined;
  private stack: StackOutputs | undefined;
  private samples: Sample[] = [];
  private closing: Promise<void> | undefined;

  /** @throws UsageError when the example does not exist. */
  constructor(
    private readonly options: LoopOptions,
    private readonly root: string,
    private readonly view: ConsoleView,
  ) {
    this.example = findExample(options.example);
    this.runFile = new RunFile(options.stateDir);
  }

  /** Runs all of it; with `--keep` it returns only after an abort. */
  async run(signal: AbortSignal): Promise<void> {
    const { view } = this;
    const started = Date.now();
    const { python } = await ensurePython({ root: this.root, report: (line) => view.line(line), signal });
    signal.throwIfAborted();
    const running = await this.connect(python, signal);
    signal.throwIfAborted();
    const clients = makeClients(running.awsUrl, running.sageMakerUrl);
    this.clients = clients;
    const samples = readSamples(this.example, python, PREDICTIONS);
    samples.catch(() => undefined);
    const stack = await view.step('build and cdk deploy', () => this.deploy(running, signal));
    this.stack = stack;
    this.samples = await samples;

    const name = `local-${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}`;
    view.heading(`Build machine, ${name}`);
    const build = await this.build(clients, stack, name, signal);
    const arn = await this.releaseOf(clients, stack, build, running, signal);
    view.heading('Release machine');
    const release = await followExecution(clients.states, arn, view, signal);
    const artifact = required(findString(build.output, 'artifact'), 'the build machine', 'artifact');
    const evaluation = required(findString(build.output, 'address'), 'the build machine', 'address');
    const metrics = await readMetrics(clients.s3, evaluation);
    view.line(`\n${formatMetrics(metrics)}`);
    const predictions = await predict(clients, stack.EndpointName, this.samples);
    view.heading(`${PREDICTIONS} predictions through the endpoint ${stack.EndpointName}`);
    view.line(formatPredictions(predictions));
    view.line(`\nArtifact: ${artifact}`);
    view.line(`Endpoint: ${stack.EndpointName}, ${findString(release.output, 'action') ?? 'released'}, InService`);
    view.line(`Done in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
    if (this.options.keep) await this.keep(running, signal);
  }

  /** Says what the log of the failed part says, and whether the endpoint still serves. */
  async tellFailure(error: unknown): Promise<void> {
    if (this.clients === undefined || this.closing !== undefined) return;
    const { clients, stack, samples } = this;
    await tellFailure({ error, clients, stateDir: this.options.stateDir, stack, samples });
  }

  /** Stops what this run started and gives its claim back. Safe to call twice. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      await this.starting.catch(() => undefined);
      await this.services?.close();
      this.runFile.release();
    })();
    return this.closing;
  }

  /** For the last moment of the process: what it started ends by itself, but the claim would stay. */
  abandon(): void {
    this.runFile.release();
  }

  /** Starts the local services, or joins those of a run that keeps them up. */
  private async connect(python: string, signal: AbortSignal): Promise<RunningLoop> {
    const { stateDir, reset, port } = this.options;
    const claim: RunningLoop = { pid: process.pid, awsUrl: '', sageMakerUrl: '', keeping: false };
    const other = this.runFile.claim(claim);
    if (other !== undefined) {
      if (reset) throw new BusyError(`process ${other.pid} keeps its services up; stop it before --reset`);
      this.view.heading(`Local services of process ${other.pid}, which keeps them up`);
      return other;
    }
    const ports = await choosePorts(port);
    const mine: RunningLoop = {
      ...claim,
      awsUrl: `http://127.0.0.1:${ports.awsPort}`,
      sageMakerUrl: `http://127.0.0.1:${ports.sageMakerPort}`,
    };
    this.runFile.update(mine);
    if (reset) resetState(stateDir);
    this.view.heading('Local services');
    const start = startServices({ stateDir, python, ...ports, report: (line) => this.view.line(line), signal }).then(
      (services) => (this.services = services),
    );
    this.starting = start;
    await this.view.step('start AWS and SageMaker', () => start);
    signal.throwIfAborted();
    return mine;
  }

  private deploy(running: RunningLoop, signal: AbortSignal): Promise<StackOutputs> {
    const { recipe, prune, stateDir, example, settings } = this.options;
    const given = { recipe, prune, example, runOnDeploy: 'false' };
    return deployApp({
      root: this.root,
      stateDir,
      awsUrl: running.awsUrl,
      signal,
      settings: { ...given, ...settings },
    });
  }

  private async build(
    clients: Clients,
    stack: StackOutputs,
    name: string,
    signal: AbortSignal,
  ): Promise<FinishedExecution> {
    const { executionArn } = await clients.states.send(
      new StartExecutionCommand({ stateMachineArn: stack.BuildStateMachineArn, name, input: '{}' }),
    );
    const { view } = this;
    const arn = required(executionArn, 'StartExecution', 'executionArn');
    const training = await followExecution(clients.states, arn, view, signal);
    const model = required(startedBuild(training), 'the build machine', 'build of the model');
    view.heading(`Build machine, ${model.split(':').pop()}`);
    return followExecution(clients.states, model, view, signal);
  }

  /** The release that the build started, or that a person starts by approving it. */
  private async releaseOf(
    clients: Clients,
    stack: StackOutputs,
    build: FinishedExecution,
    running: RunningLoop,
    signal: AbortSignal,
  ): Promise<string> {
    const awaited = awaitedPackage(build);
    if (awaited === undefined) return required(startedExecution(build), 'the build machine', 'release execution');
    this.view.line(`\n${approvalHelp(awaited, running.sageMakerUrl)}`);
    return approvedRelease(clients.states, stack.ReleaseStateMachineArn, awaited, signal);
  }

  private async keep(running: RunningLoop, signal: AbortSignal): Promise<void> {
    if (running.pid !== process.pid) {
      this.view.line(`\nThe endpoint stays up in process ${running.pid}.`);
      return;
    }
    this.runFile.update({ ...running, keeping: true });
    this.view.line(
      invocationHelp(running.sageMakerUrl, this.stack?.EndpointName ?? '', this.samples, this.options.stateDir),
    );
    const stackName = this.options.settings.stackName ?? 'modelpress';
    this.view.line(pipelineHelp(running.awsUrl, running.sageMakerUrl, stackName));
    this.view.line('\nThe endpoint stays up; Ctrl-C stops everything.');
    // A pending promise alone does not keep the process alive.
    const alive = setInterval(() => undefined, 60_000);
    await Promise.race([
      new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
      this.services?.lost,
    ]);
    clearInterval(alive);
    signal.throwIfAborted();
    throw new Error(`the local AWS ended by itself; its log is ${join(this.options.stateDir, 'aws', 'ministack.log')}`);
  }
}

function required(value: string | undefined, where: string, what: string): string {
  if (value === undefined)
    throw new Error(`${where} gave no ${what}; this is a fault of the project, not of the model`);
  return value;
}
