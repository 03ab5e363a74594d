import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logTail } from '../log-tail';
import { checkPortIsFree, freePorts } from '../ports';
import { ProcessGroup } from '../process-group';
import { cleanPythonEnvironment } from '../python/pip-install';
import { discardUnsavedState, noteServer, savedMarker } from './saved-state';

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
/** Milliseconds until the server must answer. It takes two seconds; a busy machine takes longer. */
const START_LIMIT = 60_000;

export interface LocalAwsOptions {
  /** Interpreter of the project's Python environment. */
  readonly python: string;
  /** Folder for all of its state, log included. */
  readonly stateDir: string;
  /** @default a free port */
  readonly port?: number;
  /** Address of the local SageMaker; functions and state machines are sent there. @default none */
  readonly sageMakerEndpoint?: string;
  /** Keep buckets, stacks and all else for the next start. @default true */
  readonly persist?: boolean;
  /** How much of a Wait state's time really passes, 0 to 1. @default 1 */
  readonly waitScale?: number;
}

export interface LocalAws {
  readonly url: string;
  readonly port: number;
  readonly logFile: string;
  /** The server's process id. */
  readonly pid: number;
  /** Resolves when the server ends, whoever ended it. */
  readonly exited: Promise<number | null>;
  /** Stops the server and every function's process. Without it they end by themselves when this process does. */
  close(): Promise<void>;
}

/** Settings that make every AWS SDK and the CDK command line use the local AWS, and nothing of the user's own. */
export function awsEnvironment(url: string, sageMakerEndpoint?: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(sageMakerEndpoint === undefined
      ? {}
      : {
          AWS_ENDPOINT_URL_SAGEMAKER: sageMakerEndpoint,
          AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: sageMakerEndpoint,
          AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: sageMakerEndpoint,
        }),
  };
}

/**
 * Starts MiniStack with the SageMaker integrations of `ministack_launcher.py`.
 *
 * @throws PortInUseError; Error with the log's tail when the server does not come up.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  if (options.port !== undefined) await checkPortIsFree(options.port);
  const port = options.port ?? (await freePorts(1))[0];
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(options.stateDir, 'ministack.log');
  await discardUnsavedState(options.stateDir);
  const temporary = join(options.stateDir, 'tmp');
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const server = new ProcessGroup({
    command: options.python,
    args: [join(__dirname, 'ministack_launcher.py')],
    cwd: options.stateDir,
    logFile,
    env: serverEnvironment(options, port, url, temporary),
  });
  if (server.pid !== undefined) noteServer(options.stateDir, server.pid);
  const giveUp = Date.now() + START_LIMIT;
  while (!(await answers(url))) {
    if (!server.running || Date.now() > giveUp) {
      await server.stop();
      throw new Error(`The local AWS did not start on ${url}. The end of ${logFile}:\n${logTail(logFile)}`);
    }
    await sleep(100);
  }
  const close = async (): Promise<void> => {
    await server.stop();
    rmSync(join(options.stateDir, 'server.pid'), { force: true });
    rmSync(temporary, { recursive: true, force: true });
  };
  return { url, port, logFile, pid: server.pid ?? 0, exited: server.exited, close };
}

function serverEnvironment(options: LocalAwsOptions, port: number, url: string, temporary: string): NodeJS.ProcessEnv {
  const persist = options.persist ?? true;
  const inherited = Object.fromEntries(
    Object.entries(cleanPythonEnvironment()).filter(
      ([name]) => !/^(AWS_|MINISTACK_|LOCALSTACK_|LAMBDA_|NODE_OPTIONS$)/.test(name),
    ),
  );
  return {
    ...inherited,
    ...awsEnvironment(url, options.sageMakerEndpoint),
    // Functions run with the Node that runs this program and the Python of the environment.
    PATH: [dirname(process.execPath), dirname(options.python), process.env.PATH].join(':'),
    // The SDK's announcements about Node versions would fill every function's log.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    HOME: options.stateDir,
    TMPDIR: temporary,
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    MINISTACK_REGION: REGION,
    LAMBDA_EXECUTOR: 'local',
    SFN_WAIT_SCALE: String(options.waitScale ?? 1),
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    ...(persist
      ? {
          PERSIST_STATE: '1',
          MODELPRESS_SAVED_MARKER: savedMarker(options.stateDir),
          STATE_DIR: join(options.stateDir, 'services'),
          S3_PERSIST: '1',
          S3_DATA_DIR: join(options.stateDir, 's3'),
        }
      : {}),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/_ministack/health`, { signal: AbortSignal.timeout(2000) });
    return response.ok;
  } catch {
    return false;
  }
}
