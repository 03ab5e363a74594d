import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClarifyExplainerConfig, ContainerDefinition } from '@aws-sdk/client-sagemaker';
import { localEnvironment } from '../system/container-paths';
import { Context } from '../system/context';
import { refuseImage } from '../system/images';
import { explainerContainer } from './explainer-container';
import { allVariants, FleetSpecification, FleetVariant } from './records';
import { ServingProcess } from './serving-process';

const DEFAULT_STARTUP_SECONDS = 240;

/** One variant that serves. */
export interface LiveVariant {
  readonly name: string;
  readonly process: ServingProcess;
  /** Stands before the model's container where predictions are explained. */
  explainer?: ServingProcess;
}

/** The serving processes of one endpoint config, one for each variant. */
export class Fleet {
  readonly variants: LiveVariant[] = [];
  /** Get copies of requests, and never answer one. */
  readonly shadows: LiveVariant[] = [];
  private ending?: Promise<void>;
  private readonly log = (line: string): void => this.context.log(`endpoint ${this.endpointName}: ${line}`);

  constructor(
    private readonly context: Context,
    private readonly endpointName: string,
    readonly specification: FleetSpecification,
  ) {}

  /**
   * Downloads the models where they are not here yet and starts every variant.
   *
   * @throws Error with what can stand in the endpoint's FailureReason.
   */
  async start(): Promise<void> {
    const results = await Promise.allSettled(
      allVariants(this.specification).map((variant) => this.startVariant(variant)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Drains and stops every process and removes the files. */
  stop(): Promise<void> {
    this.ending ??= this.end((process) => process.stop(), true);
    return this.ending;
  }

  /** Stops every process at once; the files stay for the next start. */
  async kill(): Promise<void> {
    await this.end((process) => process.kill(), false);
  }

  /** Stops every process in order; `start` brings them back from the files that stay. */
  async pause(): Promise<void> {
    const paused = [...this.variants.splice(0), ...this.shadows.splice(0)];
    await Promise.all(paused.map((variant) => endVariant(variant, (process) => process.stop())));
  }

  private async end(how: (process: ServingProcess) => Promise<void>, removeFiles: boolean): Promise<void> {
    await Promise.all([...this.variants, ...this.shadows].map((variant) => endVariant(variant, how)));
    if (removeFiles) await rm(this.folder, { recursive: true, force: true });
  }

  private get folder(): string {
    return join(this.context.options.stateDir, this.specification.folder);
  }

  private get kind(): string {
    return this.specification.isComponent ? 'inference component' : 'production variant';
  }

  private async startVariant(specified: FleetVariant): Promise<void> {
    const { variant, container } = specified;
    if (container === undefined) return;
    const name = variant.VariantName!;
    const refusal = refuseImage(container.Image, 'inference');
    if (refusal !== undefined) throw new Error(`The container of ${this.kind} ${name} cannot be started: ${refusal}`);
    const root = join(this.folder, name, 'opt-ml');
    await this.fetchModel(container, root, join(this.folder, name)).catch((error: Error) => {
      throw new Error(`Failed to download model data for ${this.kind} ${name}: ${error.message}`);
    });
    const python = await this.context.pythonFor(container.Image);
    const serving = new ServingProcess({
      python,
      program: 'serve.py',
      root,
      env: this.context.containerEnvironment(python, {
        SM_MODEL_DIR: join(root, 'model'),
        ...localEnvironment(container.Environment, root),
        ...(await this.fetchCode(container, root)),
      }),
      logFile: this.logFile(`${name}-${this.specification.id}`),
      log: this.log,
    });
    const live: LiveVariant = { name, process: serving };
    const isShadow = this.specification.shadows?.includes(specified) ?? false;
    (isShadow ? this.shadows : this.variants).push(live);
    await serving
      .start(variant.ContainerStartupHealthCheckTimeoutInSeconds ?? DEFAULT_STARTUP_SECONDS)
      .catch((error: Error) => {
        throw new Error(
          `The primary container for ${this.kind} ${name} did not pass the ping health check: ${error.message}`,
        );
      });
    // A shadow's answers are seen by nobody.
    const { explainer } = this.specification;
    if (explainer !== undefined && !isShadow) await this.startExplainer(live, explainer);
  }

  private async startExplainer(live: LiveVariant, config: ClarifyExplainerConfig): Promise<void> {
    const folder = join(this.folder, live.name, 'explainer');
    const logFile = this.logFile(`${live.name}-${this.specification.id}-explainer`);
    live.explainer = await explainerContainer(this.context, config, folder, logFile, this.log).catch((error: Error) => {
      throw new Error(`Failed to download the SHAP baseline for production variant ${live.name}: ${error.message}`);
    });
    await live.explainer.start(DEFAULT_STARTUP_SECONDS).catch((error: Error) => {
      throw new Error(
        `The explainer container for production variant ${live.name} did not pass the ping health check: ${error.message}`,
      );
    });
  }

  private logFile(name: string): string {
    return join(this.context.options.stateDir, 'logs/endpoints', this.endpointName, `${name}.log`);
  }

  private async fetchModel(container: ContainerDefinition, root: string, scratch: string): Promise<void> {
    const folder = join(root, 'model');
    // Written under another name first: a folder called model is a complete one.
    if (await isFolder(folder)) return;
    await rm(scratch, { recursive: true, force: true });
    await mkdir(root, { recursive: true });
    const source = container.ModelDataSource?.S3DataSource;
    const uri = source?.S3Uri ?? container.ModelDataUrl;
    const isPrefix = source?.CompressionType === 'None';
    const partial = join(root, 'model.partial');
    await mkdir(partial, { recursive: true });
    if (uri !== undefined && isPrefix) await this.context.s3.download(uri, partial);
    else if (uri !== undefined) await this.context.s3.downloadArchive(uri, partial, join(scratch, 'archive'));
    await rename(partial, folder);
  }

  /** Serving code that does not lie in the model: SAGEMAKER_SUBMIT_DIRECTORY as the address of an archive. */
  private async fetchCode(container: ContainerDefinition, root: string): Promise<Record<string, string>> {
    const address = container.Environment?.SAGEMAKER_SUBMIT_DIRECTORY;
    if (address?.startsWith('s3://') !== true) return {};
    const folder = join(root, 'code');
    if (!(await isFolder(folder))) await this.context.s3.downloadArchive(address, folder, join(root, 'code-archive'));
    return { SAGEMAKER_SUBMIT_DIRECTORY: folder };
  }
}

/** The explainer first: it finishes its requests with the model's help. */
async function endVariant(
  { process, explainer }: LiveVariant,
  how: (process: ServingProcess) => Promise<void>,
): Promise<void> {
  if (explainer !== undefined) await how(explainer);
  await how(process);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
