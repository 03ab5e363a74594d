import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ACCOUNT, LocalAws, REGION, startLocalAws } from '../aws/local-aws';
import { discardUnsavedState } from '../aws/saved-state';
import { checkPortIsFree, freePorts } from '../ports';
import { ensureTorch, needsTorch } from '../python/ensure-torch';
import { startLocalSageMaker } from '../sagemaker/server';

/** Wait states pass at this share of their time: they are made for endpoints that take minutes to come up. */
const STATE_WAIT_SCALE = 0.1;

/** Old instances stay for minutes after a switch, in case an alarm goes off; here seconds tell as much. */
const BAKE_SCALE = 0.01;

export interface Services {
  readonly awsUrl: string;
  readonly sageMakerUrl: string;
  /** Resolves when the local AWS ends, which it never does by itself. */
  readonly lost: Promise<unknown>;
  /** Stops every process, keeping the state for the next run. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly stateDir: string;
  readonly python: string;
  readonly awsPort: number;
  readonly sageMakerPort: number;
  /** Is told what the user should know. */
  readonly report: (line: string) => void;
  /** Stops an installation. */
  readonly signal?: AbortSignal;
}

/** Chooses the ports, because each server must know the other's address. @throws PortInUseError */
export async function choosePorts(sageMakerPort?: number): Promise<{ awsPort: number; sageMakerPort: number }> {
  if (sageMakerPort !== undefined) await checkPortIsFree(sageMakerPort);
  const [awsPort, other] = await freePorts(2);
  return { awsPort, sageMakerPort: sageMakerPort ?? other };
}

/** Starts the local AWS and the local SageMaker side by side; stops the one if the other fails. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { stateDir, python, awsPort, sageMakerPort } = options;
  const awsUrl = `http://127.0.0.1:${awsPort}`;
  if (await discardUnsavedState(join(stateDir, 'aws'))) {
    rmSync(join(stateDir, 'sagemaker'), { recursive: true, force: true });
    options.report('An earlier run was killed before it could save its state: starting afresh.');
  }
  // The local SageMaker brings back the endpoints of earlier runs, whose files are in the bucket: AWS comes first.
  const aws = await startLocalAws({
    python,
    stateDir: join(stateDir, 'aws'),
    port: awsPort,
    sageMakerEndpoint: `http://127.0.0.1:${sageMakerPort}`,
    waitScale: STATE_WAIT_SCALE,
  });
  const log = join(stateDir, 'logs', 'sagemaker.log');
  mkdirSync(dirname(log), { recursive: true });
  try {
    const sageMaker = await startLocalSageMaker({
      port: sageMakerPort,
      stateDir: join(stateDir, 'sagemaker'),
      python,
      pythonFor: async (repository) =>
        needsTorch(repository) ? ensureTorch(options.report, options.signal) : undefined,
      s3Endpoint: awsUrl,
      region: REGION,
      account: ACCOUNT,
      waitScale: BAKE_SCALE,
      log: (line) => appendFileSync(log, `${new Date().toISOString()} ${line}\n`),
    });
    return {
      awsUrl,
      sageMakerUrl: sageMaker.url,
      lost: aws.exited,
      close: () => closeAll(aws, sageMaker),
    };
  } catch (error) {
    await aws.close();
    throw error;
  }
}

async function closeAll(aws: LocalAws, sageMaker: { close(): Promise<void> }): Promise<void> {
  // In this order: the local SageMaker sends its last metrics while it closes.
  await sageMaker.close().catch(() => undefined);
  await aws.close();
}

/** Deletes what earlier runs left. */
export function resetState(stateDir: string): void {
  for (const name of ['aws', 'sagemaker', 'home', 'cdk.out', 'outputs.json', 'logs', 'empty']) {
    rmSync(join(stateDir, name), { recursive: true, force: true });
  }
}
